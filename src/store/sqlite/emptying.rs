//! When the log is emptied: once nobody has written for a while, so that the
//! database alone is all there is, and soon after an erasure, for what was
//! deleted stands in the log as it was.

/// Ticks without a commit after which it is emptied.
const QUIET: u32 = 2;
/// Ticks after which it is emptied because of an erasure.
const ERASED: u32 = 5;

/// What a batch did, as far as it matters here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// It changed something.
    pub writes: bool,
    /// It deleted personal data.
    pub erases: bool,
}

/// What happened since the log was emptied.
#[derive(Debug, Default)]
pub struct Emptying {
    /// Whether what was committed is anywhere but in the database.
    is_dirty: bool,
    is_erased: bool,
    /// Ticks since the last commit.
    quiet: u32,
    /// Ticks since it was tried to empty the log.
    since_tried: u32,
}

impl Emptying {
    /// A batch was committed.
    pub fn note(&mut self, done: Done) {
        self.is_dirty |= done.writes;
        self.is_erased |= done.erases;
        self.quiet = if done.writes { 0 } else { self.quiet };
    }

    /// A tick is over. Whether the log is to be emptied now.
    pub fn tick(&mut self) -> bool {
        self.quiet = self.quiet.saturating_add(1);
        self.since_tried = self.since_tried.saturating_add(1);
        let is_quiet = self.is_dirty && self.quiet >= QUIET;
        is_quiet || (self.is_erased && self.since_tried >= ERASED)
    }

    /// It was tried, and done if it could be.
    pub fn tried(&mut self, is_done: bool) {
        (self.quiet, self.since_tried) = (0, 0);
        if is_done {
            (self.is_dirty, self.is_erased) = (false, false);
        }
    }
}
