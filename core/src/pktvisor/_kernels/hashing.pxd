from pktvisor._kernels.loads cimport compare_bytes, load_little64
