from pktvisor._kernels.loads cimport load_big16

cdef extern from *:
    void __builtin_prefetch(const void *address) noexcept nogil
