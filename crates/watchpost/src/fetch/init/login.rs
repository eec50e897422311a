//! Whether the server lets us in, and under which name: the whole address first, then what stands before the `@`
//! (RFC 6186 §4; C-005).

use std::net::IpAddr;

use watchpost_proto::planted::planted;
use watchpost_proto::pop3::client::Command;

use super::address::Address;
use super::search::Found;
use crate::fetch::account::Account;
use crate::fetch::exchange::ask;
use crate::fetch::journal::Seen;
use crate::fetch::login::{LoginError, Method};
use crate::fetch::run::connector;
use crate::fetch::secret::Secret;
use crate::fetch::session::{Report, SessionError, enter, list};

/// What a login shows.
pub struct Look {
    /// The name that was taken.
    pub user: String,
    /// How we logged in.
    pub method: Option<Method>,
    /// How many messages wait.
    pub messages: usize,
    /// Whether they have unique-ids.
    pub unique_ids: bool,
    /// Seconds that the server wants between logins.
    pub login_delay: Option<u64>,
}

/// The names to try: what the settings say, else the whole address; then what stands before the `@`.
pub fn names(address: &Address, found: &Found) -> Vec<String> {
    let mut names: Vec<String> = found.candidate.user.iter().cloned().collect();
    let usual = if planted("fetch.tries-the-local-part-first") {
        [address.local.clone(), address.full.clone()]
    } else {
        [address.full.clone(), address.local.clone()]
    };
    for name in usual {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Logs in under one name, and looks.
pub async fn look(account: &Account, addresses: Option<Vec<IpAddr>>, secret: &Secret) -> Result<Look, SessionError> {
    let mut client = connector(account, &Seen::default())?.found_at(addresses).connect().await?;
    let mut report = Report::default();
    enter(&mut client, account, secret, &mut report).await?;
    let listing = list(&mut client).await?;
    // Nothing was marked: how the server says goodbye changes nothing.
    let _ = ask(&mut client, &Command::Quit).await;
    Ok(Look {
        user: account.user.clone(),
        method: report.method,
        messages: listing.len(),
        unique_ids: listing.is_empty() || listing.id(0).is_some(),
        login_delay: report.login_delay,
    })
}

/// Whether another name may help: the server refuses this one, or the password.
pub fn is_refusal(error: &SessionError) -> bool {
    matches!(error, SessionError::Login(LoginError::Credentials(_)))
}
