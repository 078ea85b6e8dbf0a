package access

import "net/netip"

// Source is whom a client address counts as where attempts are limited: an IPv4 address, or an IPv6 network of /64, which is one household's or
// one computer's. What is no address counts as itself.
func Source(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}
