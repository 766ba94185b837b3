//! Room on the stack for a deep rule: parser, checks and evaluation call themselves once a level, or several times.

/// How deep a rule may be for which any stack will do.
const SHALLOW: usize = 8;

/// What one level takes at most, in bytes, without optimisation.
const LEVEL_BYTES: usize = 256 * 1024;

/// Does `work` on a rule of that depth.
pub(super) fn with_room<T>(depth: usize, work: impl FnOnce() -> T) -> T {
    if depth <= SHALLOW {
        return work();
    }
    let bytes = depth * LEVEL_BYTES;
    stacker::maybe_grow(bytes, bytes, work)
}
