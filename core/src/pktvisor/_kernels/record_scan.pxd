from pktvisor._kernels.loads cimport load_big32, load_little32

cdef extern from *:
    void __builtin_prefetch(const void *address) noexcept nogil
