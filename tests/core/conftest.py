"""Properties run 600 examples without a deadline and the same ones every time: a slow machine is no failure, and what
was red stays red.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "core",
    max_examples=600,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("core")
