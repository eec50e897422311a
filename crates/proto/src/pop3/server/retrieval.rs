//! A message on its way out: RETR or TOP was said, and the store is asked.

use crate::dot::{DotStuffer, Progress};
use crate::mime::{HeaderGate, Headers, Through};
use crate::types::{Extent, MessageNumber, Octets, Sizes};

/// A message on its way out.
pub(super) struct Retrieval {
    pub(super) number: MessageNumber,
    pub(super) extent: Extent,
    /// Present while a surrogate may have to take the place of the header.
    gate: Option<HeaderGate>,
    stuffer: DotStuffer,
    pub(super) octets: Octets,
}

impl Retrieval {
    pub(super) fn new(number: MessageNumber, extent: Extent, headers: Headers) -> Self {
        let gate = (headers == Headers::Surrogates).then(HeaderGate::default);
        Self { number, extent, gate, stuffer: DotStuffer::new(extent), octets: Octets(0) }
    }

    /// What RETR sends of it is known now.
    pub(super) fn counted(&mut self, sizes: Sizes) -> Octets {
        // It was counted: without a surrogate nothing has to be held back.
        self.gate.take_if(|_| sizes.surrogate.is_none());
        let headers = if self.gate.is_some() { Headers::Surrogates } else { Headers::AsStored };
        self.octets = sizes.of(headers);
        self.octets
    }

    /// The next stored octets. `Enough`: no more are needed.
    pub(super) fn push(&mut self, chunk: &[u8], output: &mut Vec<u8>) -> Progress {
        let Some(gate) = &mut self.gate else { return self.stuffer.push(chunk, output) };
        let Through { header, chunk } = gate.push(chunk);
        let enough = header.is_some_and(|header| self.stuffer.push(&header, output) == Progress::Enough);
        if enough { Progress::Enough } else { self.stuffer.push(chunk, output) }
    }

    /// The message is complete.
    pub(super) fn finish(&mut self, output: &mut Vec<u8>) {
        if let Some(header) = self.gate.as_mut().and_then(HeaderGate::finish) {
            self.stuffer.push(&header, output);
        }
        self.stuffer.finish(output);
    }
}
