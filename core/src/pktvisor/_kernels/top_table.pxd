from pktvisor._kernels.loads cimport copy_bytes

cdef extern from *:
    void __builtin_prefetch(const void *address) noexcept nogil
