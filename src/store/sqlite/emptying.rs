//! When the log is merged though it is short: once nobody has written for a
//! while, so that the database alone is all there is. And when it is truncated:
//! soon after an erasure, for what was deleted stands in the log as it was, and
//! once nobody has written for long. Not before, since while a log grows each
//! flush writes its length as well.

/// Ticks without a commit after which it is merged.
const QUIET: u32 = 2;
/// Ticks without a commit after which it is truncated.
const IDLE: u32 = 60;
/// Ticks after which it is truncated because of an erasure.
const ERASED: u32 = 5;

/// How the log is merged into the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Without waiting for anybody; what was merged is written over later.
    Passive,
    /// So that nothing is left in the log.
    Truncate,
}

/// What a batch did, as far as it matters here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// It changed something.
    pub writes: bool,
    /// It deleted personal data.
    pub erases: bool,
}

/// What happened since the log was merged, and since it was truncated.
#[derive(Debug, Default)]
pub struct Emptying {
    /// Whether what was committed is not in the database yet.
    is_dirty: bool,
    /// Whether what was committed stands in the log.
    is_filled: bool,
    /// Whether what was deleted may stand in the log.
    is_erased: bool,
    /// Ticks since the last commit.
    quiet: u32,
    /// Ticks since it was tried.
    since_tried: u32,
}

impl Emptying {
    /// A batch was committed.
    pub fn note(&mut self, done: Done) {
        self.is_dirty |= done.writes;
        self.is_filled |= done.writes;
        self.is_erased |= done.erases;
        self.quiet = if done.writes { 0 } else { self.quiet };
    }

    /// A tick is over. How the log is to be merged now, if it is.
    pub fn tick(&mut self) -> Option<Mode> {
        self.quiet = self.quiet.saturating_add(1);
        self.since_tried = self.since_tried.saturating_add(1);
        let is_quiet = self.quiet >= QUIET;
        let is_idle = self.is_filled && self.quiet >= IDLE;
        if is_idle || (self.is_erased && (is_quiet || self.since_tried >= ERASED)) {
            Some(Mode::Truncate)
        } else {
            (self.is_dirty && is_quiet).then_some(Mode::Passive)
        }
    }

    /// It was tried, and done if it could be.
    pub fn tried(&mut self, mode: Mode, is_done: bool) {
        (self.quiet, self.since_tried) = (0, 0);
        self.is_dirty &= !is_done;
        if is_done && mode == Mode::Truncate {
            (self.is_filled, self.is_erased) = (false, false);
        }
    }
}
