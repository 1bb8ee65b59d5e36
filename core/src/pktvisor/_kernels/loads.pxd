# One load for a number of several bytes, which compilers do not make of our byte by byte readers.
# The caller has checked that the bytes are there.
cdef extern from *:
    """
    #include <string.h>

    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    #define PKTVISOR_BIG(bits, value) (value)
    #define PKTVISOR_LITTLE(bits, value) __builtin_bswap##bits(value)
    #else
    #define PKTVISOR_BIG(bits, value) __builtin_bswap##bits(value)
    #define PKTVISOR_LITTLE(bits, value) (value)
    #endif

    #define PKTVISOR_LOADS(bits, type)                                                   \\
        static inline type pktvisor_big##bits(const unsigned char *at)                   \\
        {                                                                                \\
            type value;                                                                  \\
            memcpy(&value, at, sizeof value);                                            \\
            return PKTVISOR_BIG(bits, value);                                            \\
        }                                                                                \\
        static inline type pktvisor_little##bits(const unsigned char *at)                \\
        {                                                                                \\
            type value;                                                                  \\
            memcpy(&value, at, sizeof value);                                            \\
            return PKTVISOR_LITTLE(bits, value);                                         \\
        }

    PKTVISOR_LOADS(16, unsigned short)
    PKTVISOR_LOADS(32, unsigned int)
    PKTVISOR_LOADS(64, unsigned long long)
    """
    unsigned short load_big16 "pktvisor_big16"(const unsigned char *at) noexcept nogil
    unsigned int load_big32 "pktvisor_big32"(const unsigned char *at) noexcept nogil
    unsigned long long load_big64 "pktvisor_big64"(const unsigned char *at) noexcept nogil
    unsigned int load_little32 "pktvisor_little32"(const unsigned char *at) noexcept nogil
    unsigned long long load_little64 "pktvisor_little64"(const unsigned char *at) noexcept nogil
    int compare_bytes "memcmp"(const void *left, const void *right, size_t size) noexcept nogil
    void *copy_bytes "memcpy"(void *to, const void *start, size_t size) noexcept nogil
