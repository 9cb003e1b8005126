//! A hash on which nodes agree, whatever version of hostvip and Rust they were built with: std's default hasher promises neither.

/// FNV-1a, 64 bits, then the finalizer of `MurmurHash3`: FNV alone leaves names that differ in their last letter side by side.
pub(super) fn hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let half = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let whole = (half ^ (half >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    whole ^ (whole >> 33)
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn every_version_gives_the_same() {
        for (text, expected) in [("", 0xefd0_1f60_ba99_2926), ("a", 0x82a2_a958_a9be_ce5b), ("default/web", 0x043e_bfb5_ca03_7b82)] {
            assert_eq!(hash(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_that_are_alike_are_far_apart() {
        let mut tops: Vec<_> = (0..16).map(|number| hash(&format!("node-{number:02}")) >> 60).collect();
        tops.sort_unstable();
        tops.dedup();
        assert!(tops.len() >= 8, "sixteen nodes lie in {} sixteenths of the ring: {tops:?}", tops.len());
    }
}
