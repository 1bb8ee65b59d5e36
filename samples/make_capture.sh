#!/usr/bin/env bash
#
# make_capture.sh - make dns-lab.pcap, the sample capture of this directory.
#
# Builds a small laboratory of network namespaces on this host, runs real
# servers and real clients in it for about 90 seconds, and records what
# passes the resolver's interface with tcpdump:
#
#   client ----+                          +---- auth  (BIND: the zones,
#   dig,       |                          |            NSD: root and TLDs,
#   dnsperf,   +---- switch (bridge) -----+            http.server)
#   ping, curl |
#              +---- res   (Unbound; tcpdump listens on its eth0)
#
# Nothing leaves the namespaces: they have no default route and no link to the
# host. Every generator is bounded in count or in time.
#
# Usage (root, Debian 12):
#   ./make_capture.sh [FILE]        make FILE (default: dns-lab.pcap beside this script)
#   ./make_capture.sh --count FILE  only print the counts of FILE
#
# The queries, names and zones are the same in each run (fixed seed). Ports,
# transaction ids, times and the resolver's choice of upstream server are the
# real programs' own, so two runs are alike but not identical.

set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SEED=20240601                      # for everything random that we choose ourselves
MIN_BYTES=200000 MAX_BYTES=450000  # the size the file must have

# ---------------------------------------------------------------- addresses
# Two networks share one switch; the resolver has one interface in both.
RES4=192.0.2.53      RES6=2001:db8:1::53     # resolver, towards the clients
OUT4=198.51.100.53   OUT6=2001:db8:2::53     # resolver, towards the servers
CLIENTS4="192.0.2.10 192.0.2.11 192.0.2.12"
CLIENTS6="2001:db8:1::10 2001:db8:1::11"
REFUSED4=192.0.2.66                          # client the resolver answers REFUSED
DENIED4=192.0.2.77                           # client the resolver never answers
NS1_4=198.51.100.1   NS1_6=2001:db8:2::1     # BIND
NS2_4=198.51.100.2   NS2_6=2001:db8:2::2     # BIND, second address
CLOSED4=198.51.100.3 CLOSED6=2001:db8:2::3   # host is up, port 53 closed
ROOT4=198.51.100.30  ROOT6=2001:db8:2::30    # NSD: ".", "test." and "example."
WEB4=198.51.100.80   WEB6=2001:db8:2::80     # http.server
SILENT4=198.51.100.99                        # no such host: nothing ever answers
HOSTSPEC="$RES4/32,$OUT4/32,$RES6/128,$OUT6/128"

NS_SW=dnslab-sw NS_CLIENT=dnslab-client NS_RES=dnslab-res NS_AUTH=dnslab-auth

# ------------------------------------------------------------------- counts
# Prints a Markdown table of what is in a capture; returns non-zero when
# something that should be there is not.
count_capture() {
    local file=$1 bad=0
    c() { # c LABEL DISPLAY-FILTER
        local n
        n=$(tshark -n -r "$file" -Y "$2" 2>/dev/null | wc -l)
        printf '| %s | %d | `%s` |\n' "$1" "$n" "$2"
        if [ "$n" -eq 0 ]; then echo "missing from the capture: $1" >&2; bad=1; fi
    }
    local frag='frame.time_relative >= 0'
    echo "| what | count | tshark filter |"
    echo "|---|---:|---|"
    c "packets"                          "$frag"
    c "IPv4"                             "ip.version == 4 && !icmp.type == 3"
    c "IPv6"                             "ipv6 && !icmpv6.type == 1"
    c "ARP"                              "arp"
    c "UDP"                              "udp && !icmp && !icmpv6"
    c "TCP"                              "tcp"
    c "ICMP"                             "icmp"
    c "ICMPv6"                           "icmpv6"
    local d='!icmp && !icmpv6'
    c "packets with a DNS message"       "dns && $d"
    c "DNS, IPv4"                        "dns && ip && $d"
    c "DNS, IPv6"                        "dns && ipv6 && $d"
    c "DNS over UDP"                     "dns && udp && $d"
    c "DNS over TCP"                     "dns && tcp"
    c "DNS over TCP, IPv6"               "dns && tcp && ipv6"
    c "DNS, client side"                 "dns && $d && (ip.addr == $RES4 || ipv6.addr == $RES6)"
    c "DNS, server side"                 "dns && $d && (ip.addr == $OUT4 || ipv6.addr == $OUT6)"
    c "DNS queries"                      "dns.flags.response == 0 && $d"
    c "DNS responses"                    "dns.flags.response == 1 && $d"
    c "NOERROR"                          "dns.flags.rcode == 0 && $d"
    c "NOERROR without an answer (NODATA and referrals)" \
                                         "dns.flags.rcode == 0 && dns.count.answers == 0 && dns.flags.response == 1 && $d"
    c "SERVFAIL"                         "dns.flags.rcode == 2 && $d"
    c "NXDOMAIN"                         "dns.flags.rcode == 3 && $d"
    c "NOTIMP"                           "dns.flags.rcode == 4 && $d"
    c "REFUSED"                          "dns.flags.rcode == 5 && $d"
    c "truncated responses (TC)"         "dns.flags.truncated == 1 && dns.flags.response == 1 && $d"
    local qt
    for qt in A:1 NS:2 CNAME:5 SOA:6 PTR:12 MX:15 TXT:16 AAAA:28 SRV:33 HTTPS:65 CAA:257; do
        c "queries for ${qt%:*}"         "dns.flags.response == 0 && dns.qry.type == ${qt#*:} && $d"
    done
    c "queries with EDNS"                "dns.flags.response == 0 && dns.resp.type == 41 && $d"
    c "queries with client subnet, IPv4" "dns.flags.response == 0 && dns.opt.client.family == 1 && $d"
    c "queries with client subnet, IPv6" "dns.flags.response == 0 && dns.opt.client.family == 2 && $d"
    c "UDP queries without a response"   "dns.flags.response == 0 && udp && !dns.response_in && !dns.retransmission && $d"
    c "ICMP echo request and reply"      "icmp.type == 8 || icmp.type == 0"
    c "ICMPv6 echo request and reply"    "icmpv6.type == 128 || icmpv6.type == 129"
    c "ICMP port unreachable"            "icmp.type == 3 && icmp.code == 3"
    c "ICMPv6 port unreachable"          "icmpv6.type == 1 && icmpv6.code == 4"
    c "HTTP requests"                    "http.request"
    c "TCP, not DNS's port"              "tcp && tcp.port != 53"
    return $bad
}

if [ "${1:-}" = --count ]; then
    count_capture "${2:?which file?}"
    exit
fi

OUT=${1:-$HERE/dns-lab.pcap}
[ "$(id -u)" -eq 0 ] || { echo "must be root (network namespaces, tcpdump)" >&2; exit 1; }
for ns in $NS_SW $NS_CLIENT $NS_RES $NS_AUTH; do
    if ip netns list 2>/dev/null | grep -qw "$ns"; then
        echo "namespace $ns exists already: is another run under way?" >&2
        exit 1
    fi
done

# ------------------------------------------------------------------ cleanup
WORK=$(mktemp -d /tmp/dnslab.XXXXXX)
PIDS=()          # long-running processes of ours
POLICY=          # policy-rc.d, if we made one
cleanup() {
    local status=$? pid ns
    trap - EXIT INT TERM
    set +e
    for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null; done
    for ns in $NS_CLIENT $NS_RES $NS_AUTH $NS_SW; do
        ip netns del "$ns" 2>/dev/null
    done
    [ -n "$POLICY" ] && rm -f "$POLICY"
    if [ "$status" -ne 0 ]; then
        echo "failed (status $status); the servers' logs ended:" >&2
        tail -n 8 "$WORK"/*.log >&2 2>/dev/null
    fi
    rm -rf "$WORK"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ----------------------------------------------------------------- programs
install_packages() {
    local need=() pair
    for pair in ip:iproute2 ethtool:ethtool tcpdump:tcpdump ping:iputils-ping \
                named:bind9 nsd:nsd unbound:unbound dig:bind9-dnsutils \
                dnsperf:dnsperf curl:curl python3:python3 tshark:tshark; do
        command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
    done
    [ ${#need[@]} -gt 0 ] || return 0
    echo "installing: ${need[*]}"
    # Keep Debian from starting the servers on the host itself.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        POLICY=/usr/sbin/policy-rc.d
        printf '#!/bin/sh\nexit 101\n' >"$POLICY"
        chmod 755 "$POLICY"
    fi
    apt-get -q update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        "${need[@]}" >/dev/null
    if [ -n "$POLICY" ]; then rm -f "$POLICY"; POLICY=; fi
}
export PATH=$PATH:/usr/sbin:/sbin
install_packages
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY 2>/dev/null || true
umask 022

# --------------------------------------------------------------- namespaces
in_client() { ip netns exec $NS_CLIENT "$@"; }
in_res()    { ip netns exec $NS_RES "$@"; }
in_auth()   { ip netns exec $NS_AUTH "$@"; }

for ns in $NS_SW $NS_CLIENT $NS_RES $NS_AUTH; do
    ip netns add $ns
    # No router solicitations and no autoconfigured addresses.
    ip netns exec $ns sysctl -qw net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0 \
        net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.accept_dad=0
    ip -n $ns link set lo up
done
ip -n $NS_SW link add br0 type bridge mcast_snooping 0
ip -n $NS_SW link set br0 up

plug() { # plug NAMESPACE PORT MAC: eth0 in NAMESPACE, PORT on the switch
    ip -n $NS_SW link add "$2" type veth peer name eth0 netns "$1"
    ip -n $NS_SW link set "$2" master br0 up
    ip -n "$1" link set eth0 address "$3"
    # Full checksums and no segments larger than the MTU, as on a wire.
    ip netns exec "$1" ethtool -K eth0 tx off rx off tso off gso off gro off >/dev/null 2>&1
    ip -n "$1" link set eth0 up
}
plug $NS_CLIENT p-client 02:00:00:00:00:10
plug $NS_RES    p-res    02:00:00:00:00:53
plug $NS_AUTH   p-auth   02:00:00:00:00:01

for a in $CLIENTS4 $REFUSED4 $DENIED4; do ip -n $NS_CLIENT addr add "$a/24" dev eth0; done
for a in $CLIENTS6; do ip -n $NS_CLIENT addr add "$a/64" dev eth0 nodad; done
for a in $RES4 $OUT4; do ip -n $NS_RES addr add "$a/24" dev eth0; done
for a in $RES6 $OUT6; do ip -n $NS_RES addr add "$a/64" dev eth0 nodad; done
for a in $NS1_4 $NS2_4 $CLOSED4 $ROOT4 $WEB4; do ip -n $NS_AUTH addr add "$a/24" dev eth0; done
for a in $NS1_6 $NS2_6 $CLOSED6 $ROOT6 $WEB6; do ip -n $NS_AUTH addr add "$a/64" dev eth0 nodad; done
# The silent host: the resolver sends to a link address that nobody has, as to
# a machine just switched off, so the packets go out and nothing comes back.
ip -n $NS_RES neigh add $SILENT4 lladdr 02:00:00:00:00:99 nud permanent dev eth0

# ------------------------------------------------- zones and lists of queries
mkdir "$WORK"/{bin,zones,www}
python3 - "$WORK" "$SEED" <<'PY'
import random, sys
work, rng = sys.argv[1], random.Random(int(sys.argv[2]))

SOA = "$TTL {ttl}\n@ IN SOA ns1.example.test. hostmaster.example.test. 2024060101 3600 900 604800 60\n"
NS = "@ IN NS ns1.example.test.\n@ IN NS ns2.example.test.\n"
def zone(fname, text, ttl=120, ns=NS):
    open(f"{work}/zones/{fname}", "w").write(SOA.format(ttl=ttl) + ns + text)

count = 0
def addr(name, both=True):
    "address records for a name, from the documentation ranges"
    global count
    count += 1
    s = f"{name} IN A 203.0.113.{count % 250 + 1}\n"
    return s + (f"{name} IN AAAA 2001:db8:f::{count:x}\n" if both else "")

names = []                      # (name, has AAAA), for the query lists
def hosts(zname, labels, v4only=()):
    s = ""
    for l in labels:
        both = l not in v4only
        s += addr(l, both)
        names.append((f"{l}.{zname}" if l != "@" else zname, both))
    return s

def txt(n, size):               # n TXT strings of the given size
    return [("part%02d-" % i) + "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789")
            for _ in range(size)) for i in range(n)]

regions = ["eu-west", "us-east", "ap-south"]
services = ["api", "login", "metrics", "queue", "search"]
deep = [f"{s}.{r}.prod" for r in regions for s in services]

t = "ns1 IN A 198.51.100.1\nns1 IN AAAA 2001:db8:2::1\nns2 IN A 198.51.100.2\nns2 IN AAAA 2001:db8:2::2\n"
t += hosts("example.test", ["@", "www", "mail", "mail2", "vpn", "legacy", "intranet", "docs"] + deep, ("legacy", "vpn"))
t += "@ IN MX 10 mail\n@ IN MX 20 mail2\n@ IN TXT \"v=spf1 mx -all\"\n@ IN CAA 0 issue \"ca.example.test\"\n"
t += "@ IN HTTPS 1 . alpn=h2,h3\nwww IN HTTPS 1 . alpn=h2,h3 ipv4hint=203.0.113.2\n"
t += "_sip._tcp IN SRV 10 60 5060 vpn\n_ldap._tcp.dc._msdcs IN SRV 0 100 389 intranet\n"
t += "ftp IN CNAME www\nstatic IN CNAME edge.cdn.shop.test.\n"
t += "".join(f'big IN TXT "{x}"\n' for x in txt(11, 180))       # over 1232 bytes
t += "".join(f'medium IN TXT "{x}"\n' for x in txt(5, 150))     # over 512 bytes
t += "broken IN NS ns.broken\nns.broken IN A 198.51.100.3\nns.broken IN AAAA 2001:db8:2::3\n"  # port closed
zone("example.test", t)

t = hosts("shop.test", ["@", "www", "pay", "cart", "img1.static", "img2.static", "img3.static",
                        "edge.cdn", "a.b.c.deep", "checkout.eu.www"], ("pay",))
t += "@ IN MX 10 mail.example.test.\n@ IN TXT \"v=spf1 include:example.test -all\"\n"
t += "@ IN HTTPS 1 . alpn=h3\nwww IN HTTPS 1 . alpn=h2\nassets IN CNAME edge.cdn\n"
t += "*.dyn IN A 203.0.113.200\n"
t += "silent IN NS ns.silent\nns.silent IN A 198.51.100.99\n"                                 # never answers
zone("shop.test", t, ttl=30)

t = hosts("lab.example", ["@", "www", "gw", "printer.floor1", "printer.floor2", "scope.bench3.floor2"], ("gw",))
t += "@ IN MX 5 mail.example.test.\n@ IN TXT \"laboratory\"\n_ntp._udp IN SRV 0 0 123 gw\nwiki IN CNAME www\n"
t += "dept IN NS ns2.example.test.\n"                                                          # a delegation that works
zone("lab.example", t)
zone("dept.lab.example", hosts("dept.lab.example", ["@", "www", "nas", "build.ci"]),
     ns="@ IN NS ns2.example.test.\n")

rev4 = {"2.0.192": {10: "pc10.floor1.lab.example", 11: "pc11.floor1.lab.example",
                    12: "pc12.floor2.lab.example", 53: "resolver.lab.example"},
        "100.51.198": {1: "ns1.example.test", 2: "ns2.example.test", 80: "www.example.test"}}
for net, m in rev4.items():
    zone(f"{net}.in-addr.arpa", "".join(f"{k} IN PTR {v}.\n" for k, v in m.items()))
def rev6(a):                    # full reverse name of 2001:db8:x::y
    import ipaddress
    return ipaddress.ip_address(a).reverse_pointer + "."
zone("8.b.d.0.1.0.0.2.ip6.arpa", f"{rev6('2001:db8:2::1')} IN PTR ns1.example.test.\n"
     f"{rev6('2001:db8:1::53')} IN PTR resolver.lab.example.\n")

# Root and top-level domains, on the second server program.
GLUE = ("ns1.example.test. IN A 198.51.100.1\nns1.example.test. IN AAAA 2001:db8:2::1\n"
        "ns2.example.test. IN A 198.51.100.2\nns2.example.test. IN AAAA 2001:db8:2::2\n")
ROOT = "@ IN NS a.root-servers.test.\n"
RA = "a.root-servers.test. IN A 198.51.100.30\na.root-servers.test. IN AAAA 2001:db8:2::30\n"
def deleg(*zs):
    return "".join(f"{z}. IN NS ns{i}.example.test.\n" for z in zs for i in (1, 2))
zone("root", "test. IN NS a.root-servers.test.\nexample. IN NS a.root-servers.test.\n"
     + deleg("2.0.192.in-addr.arpa", "100.51.198.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa")
     + GLUE + RA, 3600, ROOT)
zone("test", deleg("example.test", "shop.test") + GLUE + RA, 3600, ROOT)
# lame.example is delegated to a server that does not serve it (REFUSED there).
zone("example", deleg("lab.example") + "lame.example. IN NS ns1.example.test.\n", 3600, ROOT)
open(f"{work}/zones/root.hints", "w").write(
    ". 3600 IN NS a.root-servers.test.\n" + RA.replace(" IN", " 3600 IN"))

# Query lists for dnsperf: popular names far more often than others.
weights = [1 / (i + 1) for i in range(len(names))]
rng.shuffle(names)
other = [("example.test", "MX"), ("shop.test", "MX"), ("lab.example", "TXT"), ("example.test", "NS"),
         ("shop.test", "SOA"), ("_sip._tcp.example.test", "SRV"), ("ftp.example.test", "CNAME"),
         ("1.100.51.198.in-addr.arpa", "PTR"), ("10.2.0.192.in-addr.arpa", "PTR"),
         ("www.shop.test", "HTTPS"), ("www.example.test", "HTTPS"), ("example.test", "HTTPS")]
zones = ["example.test", "shop.test", "lab.example", "dept.lab.example"]
def query():
    r = rng.random()
    n = rng.choices(names, weights)[0][0]
    if r < .50: return n, "A"
    if r < .70: return n, "AAAA"
    if r < .74: return n, "HTTPS"                       # mostly NODATA
    if r < .90: return rng.choice(other)
    if r < .94: return f"s{rng.randrange(9999):04d}.dyn.shop.test", "A"
    return f"{rng.choice(['wpad', 'old', 'test'])}{rng.randrange(99)}.{rng.choice(zones)}", "A"  # NXDOMAIN
for fname, n in (("steady", 260), ("burst4", 260), ("burst6", 120), ("tcp", 40)):
    open(f"{work}/{fname}.txt", "w").write("".join("%s %s\n" % query() for _ in range(n)))

page = "".join(f"<p>line {i}: a small page for a small capture</p>\n" for i in range(60))
open(f"{work}/www/index.html", "w").write(f"<html><body>\n{page}</body></html>\n")
PY

# ------------------------------------------------------------------ servers
# The servers run from copies: Debian's AppArmor profiles belong to the
# programs' installed paths and forbid configuration elsewhere.
for p in named nsd unbound; do cp "$(command -v $p)" "$WORK/bin/"; done

{
    cat <<CONF
options {
    directory "$WORK"; pid-file none; session-keyfile none;
    listen-on { $NS1_4; $NS2_4; }; listen-on-v6 { $NS1_6; $NS2_6; };
    recursion no; dnssec-validation no; notify no; allow-transfer { none; };
    version none;
};
controls { };
CONF
    for z in example.test shop.test lab.example dept.lab.example \
             2.0.192.in-addr.arpa 100.51.198.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa; do
        echo "zone \"$z\" { type primary; file \"zones/$z\"; };"
    done
} >"$WORK/named.conf"

cat >"$WORK/nsd.conf" <<CONF
server:
    ip-address: $ROOT4
    ip-address: $ROOT6
    server-count: 1
    username: ""
    zonesdir: "$WORK/zones"
    database: ""
    pidfile: "$WORK/nsd.pid"
    xfrdfile: "$WORK/xfrd.state"
    zonelistfile: "$WORK/nsd.list"
    xfrdir: "$WORK"
    hide-version: yes
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root"
zone:
    name: "test"
    zonefile: "test"
zone:
    name: "example"
    zonefile: "example"
CONF

cat >"$WORK/unbound.conf" <<CONF
server:
    directory: "$WORK"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    num-threads: 1
    interface: $RES4
    interface: $RES6
    outgoing-interface: $OUT4
    outgoing-interface: $OUT6
    access-control: 192.0.2.0/24 allow
    access-control: $REFUSED4/32 refuse
    access-control: $DENIED4/32 deny
    access-control: 2001:db8:1::/64 allow
    root-hints: "$WORK/zones/root.hints"
    # No DNSSEC here; client subnet is sent on for one zone, as for a CDN.
    module-config: "subnetcache iterator"
    client-subnet-zone: "shop.test"
    edns-buffer-size: 1232
    hide-version: yes
    hide-identity: yes
    # These are answered locally by default.
    local-zone: "test." nodefault
    local-zone: "2.0.192.in-addr.arpa." nodefault
    local-zone: "100.51.198.in-addr.arpa." nodefault
    local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." nodefault
remote-control:
    control-enable: no
CONF

serve() { # serve NAME COMMAND...: run in the background, remember the process
    local name=$1; shift
    "$@" >"$WORK/$name.log" 2>&1 &
    PIDS+=($!)
}
serve named   ip netns exec $NS_AUTH "$WORK/bin/named" -g -n 1 -c "$WORK/named.conf"
serve nsd     ip netns exec $NS_AUTH "$WORK/bin/nsd" -d -c "$WORK/nsd.conf"
serve web4    ip netns exec $NS_AUTH python3 -m http.server 80 --bind $WEB4 -d "$WORK/www"
serve web6    ip netns exec $NS_AUTH python3 -m http.server 80 --bind $WEB6 -d "$WORK/www"
serve status  ip netns exec $NS_RES  python3 -m http.server 8080 --bind $RES4 -d "$WORK/www"

wait_for() { # wait_for COMMAND...: until it succeeds, at most 15 s
    local i
    for i in $(seq 75); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done
    echo "not ready: $*" >&2
    return 1
}
# Asked inside the auth namespace: these checks are not in the capture.
wait_for in_auth dig @$NS1_4 +time=1 +tries=1 -b $WEB4 example.test SOA
wait_for in_auth dig @$ROOT6 +time=1 +tries=1 -b $WEB6 . SOA
wait_for in_auth curl -sf --max-time 1 http://$WEB4/

# ------------------------------------------------------------------ capture
serve tcpdump ip netns exec $NS_RES tcpdump -Z root -n -i eth0 -s 0 -U --immediate-mode -w "$WORK/dns-lab.pcap"
TCPDUMP=${PIDS[-1]}
wait_for grep -q 'listening on' "$WORK/tcpdump.log"
# The resolver starts after the capture, so that its first questions are in it.
serve unbound ip netns exec $NS_RES "$WORK/bin/unbound" -d -c "$WORK/unbound.conf"
sleep 1.5

# ------------------------------------------------------------------ traffic
START=$(date +%s.%N)
at() { # at SECONDS WHAT: wait for that second of the run, say what comes
    local s
    s=$(python3 -c "import sys,time; print(max(0, float(sys.argv[1]) + float(sys.argv[2]) - time.time()))" "$START" "$1")
    sleep "$s"
    printf '%4ss  %s\n' "$1" "$2"
}
# q4/q6 [N]: one dig from client N of that family. Unanswered queries make dig
# fail, and are wanted; count_capture checks afterwards that all is there.
C4=($CLIENTS4) C6=($CLIENTS6)
dig1() { dig +time=2 +tries=1 "$@" >/dev/null 2>&1 || true; sleep 0.05; }
q4()   { local n=$1; shift; in_client dig +time=2 +tries=1 -b "${C4[n]}" @$RES4 "$@" >/dev/null 2>&1 || true; sleep 0.05; }
q6()   { local n=$1; shift; in_client dig +time=2 +tries=1 -b "${C6[n]}" @$RES6 "$@" >/dev/null 2>&1 || true; sleep 0.05; }
perf() { in_client dnsperf -c 1 -T 1 -t 3 "$@" >>"$WORK/dnsperf.log" 2>&1; }

all_types() { # all_types q4|q6 N: one query of each type
    local q=$1 n=$2
    $q "$n" www.example.test A
    $q "$n" www.example.test AAAA
    $q "$n" example.test MX
    $q "$n" example.test TXT
    $q "$n" shop.test NS
    $q "$n" lab.example SOA
    $q "$n" example.test CAA
    $q "$n" _sip._tcp.example.test SRV
    $q "$n" _ldap._tcp.dc._msdcs.example.test SRV
    $q "$n" ftp.example.test CNAME
    $q "$n" static.example.test A
    $q "$n" wiki.lab.example AAAA
    $q "$n" www.shop.test HTTPS
    $q "$n" www.example.test HTTPS
    $q "$n" -x $NS2_4
    $q "$n" -x 192.0.2.11
    $q "$n" -x $NS1_6
    $q "$n" build.ci.dept.lab.example A
    $q "$n" a.b.c.deep.shop.test A
    $q "$n" scope.bench3.floor2.lab.example AAAA
}

at 0 "pings; steady load of 3 queries a second throughout"
in_client ping -q -i 1 -c 10 -I "${C4[0]}" $RES4 >/dev/null & PIDS+=($!)
in_client ping -q -i 1 -c 10 -I "${C6[0]}" $RES6 >/dev/null & PIDS+=($!)
perf -s $RES4 -a "${C4[1]}" -d "$WORK/steady.txt" -Q 3 -l 84 & STEADY=$!
PIDS+=($STEADY)

at 3 "each query type, IPv4"
all_types q4 0

at 9 "each query type, IPv6"
all_types q6 0

at 15 "NXDOMAIN and NODATA"
for i in 1 2 3 4 5 6; do
    q4 2 "missing$i.example.test" A
    q6 1 "nohost$i.floor9.lab.example" AAAA
    q4 0 "typo$i.shoop.test" A
done
for n in legacy.example.test pay.shop.test gw.lab.example vpn.example.test; do
    q4 2 "$n" AAAA
    q6 1 "$n" MX
done

at 21 "EDNS client subnet"
for s in 198.51.100.0/24 203.0.113.0/24 198.51.100.128/25 2001:db8:abcd::/48 2001:db8:beef::/56; do
    q4 0 +subnet=$s www.shop.test A
    q4 1 +subnet=$s cart.shop.test A
    q6 0 +subnet=$s img1.static.shop.test AAAA
    q6 1 +subnet=$s www.example.test A
done

at 26 "DNS over TCP; truncation and retry"
q4 0 +tcp www.example.test A
q6 0 +tcp www.example.test AAAA
q4 1 +tcp +keepopen www.shop.test A cart.shop.test A pay.shop.test A nothere.shop.test A docs.example.test AAAA lab.example MX
q6 1 +tcp +keepopen mail.example.test A mail2.example.test AAAA example.test NS nothere.example.test A
q4 2 +bufsize=1232 big.example.test TXT        # truncated on both sides of the resolver
q6 0 +bufsize=512 medium.example.test TXT      # truncated towards the client only
q4 0 +noedns medium.example.test TXT
q4 1 +bufsize=4096 big.example.test TXT
perf -m tcp -s $RES4 -a "${C4[2]}" -d "$WORK/tcp.txt" -n 1 -Q 10 -l 6

at 38 "burst: 250 queries at 50 a second, IPv4, EDNS"
perf -s $RES4 -a "${C4[0]}" -d "$WORK/burst4.txt" -e -Q 50 -l 5

at 46 "REFUSED: a client not allowed; zones not served"
for n in www.example.test shop.test lab.example mail.example.test cart.shop.test docs.example.test; do
    in_client dig +time=2 +tries=1 -b $REFUSED4 @$RES4 $n A >/dev/null 2>&1 || true
    sleep 0.05
done
for n in www.example.net www.example.org mail.example.com; do
    in_res dig +time=2 +tries=1 -b $OUT4 @$NS1_4 $n A >/dev/null 2>&1 || true
    in_res dig +time=2 +tries=1 -b $OUT6 @$NS2_6 $n AAAA >/dev/null 2>&1 || true
done
q4 0 +opcode=STATUS example.test               # NOTIMP

at 49 "SERVFAIL: lame delegation; delegation to a closed port"
for i in 1 2 3; do
    q4 0 "www$i.lame.example" A
    q6 0 "www$i.broken.example.test" A
done

at 55 "unanswered: delegation to a silent host; a client that is ignored"
q4 1 www.silent.shop.test A
q6 1 mail.silent.shop.test MX
for n in www.example.test shop.test lab.example docs.example.test; do
    in_client dig +time=1 +tries=1 -b $DENIED4 @$RES4 $n A >/dev/null 2>&1 || true
done

at 64 "HTTP; pings from the resolver"
in_res ping -q -i 0.5 -c 5 -I $OUT4 $NS1_4 >/dev/null & PIDS+=($!)
in_res ping -q -i 0.5 -c 5 -I $OUT6 $NS1_6 >/dev/null & PIDS+=($!)
in_res curl -sf --max-time 3 -o /dev/null --interface $OUT4 http://$WEB4/
in_res curl -sf --max-time 3 -o /dev/null --interface $OUT6 "http://[$WEB6]/"
in_res curl -s --max-time 3 -o /dev/null --interface $OUT4 http://$WEB4/missing.html
in_client curl -sf --max-time 3 -o /dev/null --interface "${C4[2]}" http://$RES4:8080/
in_client curl -s --max-time 3 -o /dev/null --interface "${C6[0]}" "http://[$RES6]:8081/" || true  # closed: RST

at 68 "burst: 100 queries at 25 a second, IPv6, with a client subnet"
# EDNS option 8: family 1, source prefix 24, scope 0, 198.51.100
perf -s $RES6 -a "${C6[1]}" -d "$WORK/burst6.txt" -E 8:00011800c63364 -Q 25 -l 4

at 74 "port unreachable"
for i in 1 2 3; do
    in_client dig +time=1 +tries=1 -p 5300 -b "${C4[0]}" @$RES4 www.example.test >/dev/null 2>&1 || true
    in_client dig +time=1 +tries=1 -p 5300 -b "${C6[0]}" @$RES6 www.example.test >/dev/null 2>&1 || true
done
in_res dig +time=1 +tries=1 -b $OUT4 @$CLOSED4 www.example.test A >/dev/null 2>&1 || true
in_res dig +time=1 +tries=1 -b $OUT6 @$CLOSED6 www.example.test A >/dev/null 2>&1 || true
in_res dig +time=1 +tries=1 -b $OUT4 @$SILENT4 www.example.test A >/dev/null 2>&1 || true

at 82 "each query type again, mixed case too"
all_types q4 2
q4 1 WWW.Example.Test A
q6 1 Cart.SHOP.test AAAA
wait "$STEADY" || true

at 90 "end"
sleep 1
kill "$TCPDUMP"
wait "$TCPDUMP" 2>/dev/null || true
grep -E 'packets (captured|dropped)' "$WORK/tcpdump.log" || true

# -------------------------------------------------------------------- check
count_capture "$WORK/dns-lab.pcap"
bytes=$(stat -c %s "$WORK/dns-lab.pcap")
echo
echo "$bytes bytes; host specification: $HOSTSPEC"
if [ "$bytes" -lt $MIN_BYTES ] || [ "$bytes" -gt $MAX_BYTES ]; then
    echo "size is not between $MIN_BYTES and $MAX_BYTES" >&2
    cp "$WORK/dns-lab.pcap" "$OUT.rejected"
    exit 1
fi
install -m 644 "$WORK/dns-lab.pcap" "$OUT"
echo "wrote $OUT"
