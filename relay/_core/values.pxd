"""What a value must look like to be a secret, a password or a credential."""

from relay._core.look cimport View

cdef bint is_secret(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil
cdef bint never_secret(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil
cdef bint is_password(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil
cdef bint never_password(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil
cdef bint is_credential(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil
cdef bint never_credential(View* view, Py_ssize_t start) noexcept nogil
cdef bint is_basic(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil
cdef bint never_basic(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil
cdef double entropy(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil
