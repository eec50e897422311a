//! One command, one reply.

use watchpost_observatory::Untrusted;
use watchpost_proto::pop3::ResponseCode;
use watchpost_proto::pop3::client::{Answer, Command, Event, Ticket};

use crate::connect::{Client, ConnectError};

/// What the server said: a number if it said one (STAT), or why not.
pub(super) type Reply = Result<u64, (Option<ResponseCode>, Untrusted)>;

/// Sends a command and waits for its reply; lines of a listing are left aside.
pub(super) async fn ask(client: &mut Client, command: &Command) -> Result<Reply, ConnectError> {
    let ticket = client.submit(command)?;
    reply_to(client, ticket).await
}

/// Waits for the reply to a command.
pub(super) async fn reply_to(client: &mut Client, ticket: Ticket) -> Result<Reply, ConnectError> {
    loop {
        let done = client
            .event(|event| match event {
                Event::Done(done, answer) if done == ticket => Some(match answer {
                    Ok(Answer::DropListing { count, .. }) => Ok(count),
                    Ok(_) => Ok(0),
                    Err(negative) => Err((negative.meaning, Untrusted::new(negative.text))),
                }),
                _ => None,
            })
            .await?;
        if let Some(reply) = done {
            return Ok(reply);
        }
    }
}
