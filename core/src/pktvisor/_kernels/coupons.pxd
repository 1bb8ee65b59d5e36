cdef extern from *:
    int __builtin_clzll(unsigned long long value) noexcept nogil
