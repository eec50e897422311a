//! The program.

use std::io::IsTerminal;
use std::process::ExitCode;

use watchpost::console::Surroundings;
use watchpost::run;

fn main() -> ExitCode {
    #[cfg(feature = "planted")]
    {
        watchpost_proto::planted::plant(std::env::var("WATCHPOST_PLANTED_FAULT").ok().as_deref());
        if let Some(changes) = std::env::var("WATCHPOST_PLANTED_KILL").ok().and_then(|changes| changes.parse().ok()) {
            watchpost_store::kill_after(changes);
        }
    }
    let surroundings = Surroundings {
        arguments: std::env::args_os().collect(),
        variable: |name| std::env::var(name).ok(),
        program: std::env::current_exe().map_or_else(|_| "watchpost".to_owned(), |path| path.display().to_string()),
        colour: std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal(),
    };
    run::run(&surroundings).into()
}
