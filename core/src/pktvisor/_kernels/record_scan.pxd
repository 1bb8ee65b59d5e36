cdef extern from *:
    void __builtin_prefetch(const void *address) noexcept nogil
