//! Attackers and honest people at one server: what the observatory says of each.
//!
//! Every visitor has a network of its own, for one /24 is one network to the rules; tools that cannot choose their
//! source go through a relay.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

#[path = "attacks/premises.rs"]
mod premises;
#[path = "real_clients/process.rs"]
#[allow(dead_code, reason = "real_clients.rs uses the rest")]
mod process;
#[path = "attacks/relay.rs"]
mod relay;
#[path = "attacks/shape.rs"]
mod shape;
#[path = "attacks/tools.rs"]
mod tools;

use premises::{Premises, source};

#[test]
fn tools_speak_as_their_shapes_say() {
    let premises = Premises::open(&["alice", "bob"]);
    std::thread::scope(|scope| {
        for (tool, network) in tools::ALL.iter().zip(100..) {
            let premises = &premises;
            scope.spawn(move || {
                let transcripts = tool.run(premises, source(network));
                tool.shape(&transcripts).compare();
            });
        }
    });
}
