from libc.string cimport memcpy

cdef extern from *:
    """
    #define pktvisor_fence() __sync_synchronize()
    """
    void pktvisor_fence() noexcept nogil
