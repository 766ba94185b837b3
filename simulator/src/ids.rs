//! Everything that is random in a cluster, from its one seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The letters of a `generateName` suffix. Source: kubernetes v1.34 `staging/src/k8s.io/apimachinery/pkg/util/rand`.
const SUFFIX_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A seeded stream of uids, name suffixes and choices.
#[derive(Clone)]
pub struct Ids(ChaCha8Rng);

impl Ids {
    /// The stream of `seed`; the same seed gives the same stream on any machine.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The stream of a cluster that goes on from another one; it has nothing in common with [`Ids::new`] of any seed.
    #[must_use]
    pub fn of_fork(seed: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(1);
        Self(stream)
    }

    /// The stream of a cluster that is started for the `n`th time, the first being 1.
    #[must_use]
    pub fn of_start(seed: u64, n: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        // The first is that of `new`, the next one is that of forks.
        stream.set_stream(if n <= 1 { 0 } else { n });
        Self(stream)
    }

    /// A stream of its own, which nobody else draws from.
    pub(crate) fn branch(&mut self) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(self.0.next_u64());
        // Those below are of seeds that people choose.
        stream.set_stream(u64::MAX);
        Self(stream)
    }

    /// A version 4 UUID in its usual form.
    pub fn uid(&mut self) -> String {
        let (high, low) = (self.0.next_u64(), self.0.next_u64());
        let high = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let bytes = [high.to_be_bytes(), low.to_be_bytes()].concat();
        let mut uid = String::with_capacity(36);
        for (index, byte) in bytes.into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                uid.push('-');
            }
            uid.extend([byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)])));
        }
        uid
    }

    /// Five characters to end a generated name with.
    pub fn suffix(&mut self) -> String {
        (0..5)
            .map(|_| char::from(SUFFIX_LETTERS[self.below(SUFFIX_LETTERS.len())]))
            .collect()
    }

    /// A number from `0` up to, and not including, `n`; `0` when `n` is `0`.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 {
            0
        } else {
            (self.0.next_u64() % n as u64) as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_ids_every_time() {
        let (mut a, mut b) = (Ids::new(7), Ids::new(7));
        assert_eq!((a.uid(), a.suffix()), (b.uid(), b.suffix()));
        assert_ne!(a.uid(), Ids::new(8).uid());
        assert_ne!(Ids::new(7).uid(), Ids::of_fork(7).uid());
        assert_eq!(Ids::new(7).uid(), Ids::of_start(7, 1).uid());
        let started = [2, 3].map(|n| Ids::of_start(7, n).uid());
        assert!(!started.contains(&Ids::new(7).uid()) && started[0] != started[1]);
    }

    #[test]
    fn a_uid_is_a_version_4_uuid() {
        let uid = Ids::new(1).uid();
        assert_eq!((uid.len(), &uid[14..15]), (36, "4"));
    }
}
