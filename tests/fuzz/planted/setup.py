"""Build the planted overflow in place, instrumented as relay._core is for the fuzzer."""

from Cython.Build import cythonize
from setuptools import Extension, setup

FLAGS = ["-O1", "-g", "-fsanitize=address,fuzzer-no-link"]

setup(
    name="planted",
    ext_modules=cythonize([Extension("planted", ["planted.pyx"], extra_compile_args=FLAGS, extra_link_args=FLAGS)]),
)
