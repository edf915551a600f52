//! A file that everything is moved from, or to. Nobody else has it open meanwhile.

mod source;
mod state;
mod target;

pub use self::{
    source::Reader,
    state::{peek, refuse_unfinished},
    target::Writer,
};
