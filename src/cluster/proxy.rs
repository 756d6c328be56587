//! Which API servers `NO_PROXY` excludes from the proxy, as in kubectl and other Go programs.
//!
//! kube 5.0 compares `NO_PROXY` with the proxy's own address, so it would send internal requests through the proxy.

use std::net::IpAddr;

/// Whether requests to a host bypass the proxy: always for this machine, else if `NO_PROXY` lists the host.
pub(super) fn is_direct(host: &str, no_proxy: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|a| a.is_loopback()) {
        return true;
    }
    let mut entries = no_proxy.split(',').map(str::trim).filter(|e| !e.is_empty());
    entries.any(|entry| match address {
        Some(address) => entry == "*" || is_in(address, entry),
        None => entry == "*" || is_below(host, entry),
    })
}

/// `example.com` matches the name and its subdomains; `.example.com` and `*.example.com` only subdomains.
fn is_below(host: &str, entry: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let entry = entry.trim_start_matches('*').to_ascii_lowercase();
    match entry.strip_prefix('.') {
        Some(_) => host.ends_with(&entry),
        None => host == entry || host.ends_with(&format!(".{entry}")),
    }
}

/// `10.0.0.7` or `10.0.0.0/8`.
fn is_in(address: IpAddr, entry: &str) -> bool {
    let (base, length) = match entry.split_once('/') {
        Some((base, length)) => (base, length.parse().ok()),
        None => (entry, Some(u32::MAX)),
    };
    let (Ok(base), Some(length)) = (base.parse::<IpAddr>(), length) else {
        return false;
    };
    let (a, b, width) = match (address, base) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let rest = width - length.min(width);
    // A prefix of length 0 shifts by the whole width: every address matches.
    a.checked_shr(rest).unwrap_or(0) == b.checked_shr(rest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::is_direct;

    #[test]
    fn this_machine_and_the_hosts_of_no_proxy_bypass_the_proxy() {
        for (host, no_proxy, expected) in [
            ("localhost", "", true),
            ("127.0.0.1", "", true),
            ("[::1]", "", true),
            ("api.example.com", "", false),
            ("api.example.com", "*", true),
            ("api.example.com", "other, example.com", true),
            ("API.example.com", ".Example.com", true),
            ("api.example.com", "*.example.com", true),
            ("example.com", ".example.com", false),
            ("badexample.com", "example.com", false),
            ("10.1.2.3", "10.0.0.0/8", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("11.1.2.3", "0.0.0.0/0", true),
            ("11.1.2.3", "::/0", false),
            ("[fd00::7]", "fd00::/8", true),
            ("[fe00::7]", "fd00::/8", false),
            ("[fe00::7]", "::/0", true),
            ("10.1.2.3", "10.0.0.0/x,nonsense", false),
        ] {
            assert_eq!(is_direct(host, no_proxy), expected, "{host} {no_proxy}");
        }
    }
}
