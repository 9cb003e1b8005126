# Makes a new namespace the same on every machine: IPv4 settings are inherited from the host. No waiting for duplicate address
# detection, no router advertisements.
for link in all default; do
    for knob in arp_accept arp_announce arp_filter arp_ignore forwarding proxy_arp rp_filter; do
        echo 0 >/proc/sys/net/ipv4/conf/$link/$knob
    done
    for knob in accept_dad accept_ra disable_ipv6 forwarding router_solicitations; do
        echo 0 >/proc/sys/net/ipv6/conf/$link/$knob
    done
done
