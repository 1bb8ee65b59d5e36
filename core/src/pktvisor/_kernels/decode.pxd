from pktvisor._kernels.loads cimport load_big16, load_big32, load_big64

cdef extern from *:
    void __builtin_prefetch(const void *address) noexcept nogil
