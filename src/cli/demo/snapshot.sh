# Everything that hostvip could have left behind on a host: addresses, routes, network settings.
ip address show
ip -4 route show table all | sort
ip -6 route show table all | sort
# Some settings cannot be read, by anyone.
grep --recursive --no-messages . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf | sort
