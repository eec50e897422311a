//! Prints the first message of a maildrop on loopback: `cargo run --example first_message 127.0.0.1:1110 alice PASSWORD`.
#![allow(clippy::print_stdout, reason = "the message is what this prints")]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use watchpost_proto::pop3::client::{Channel, Command, Event, Limits, Session};
use watchpost_proto::{MessageNumber, Password};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [address, name, password] = std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage")?;
    let first = MessageNumber::from_index(0).ok_or("one is a number")?;
    let mut script =
        [Command::User(name), Command::Pass(Password::new(password)), Command::Retr(first), Command::Quit].into_iter();
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let mut session = Session::new(Limits::default(), Channel::ClearForPasswords);
    let mut buffer = Vec::new();
    loop {
        let step = session.input(&buffer)?;
        let (used, silent) = (step.used, step.event.is_none() && step.used == 0);
        match step.event {
            Some(Event::Message(_, octets)) => print!("{}", String::from_utf8_lossy(octets)),
            Some(Event::Greeting(Ok(_)) | Event::Done(_, Ok(_))) => {
                if let Some(next) = script.next() {
                    session.submit(&next)?;
                }
            }
            Some(Event::Greeting(Err(no)) | Event::Done(_, Err(no))) => return Err(format!("{no:?}").into()),
            _ => {}
        }
        buffer.drain(..used);
        stream.write_all(session.output()).await?;
        session.wrote(session.output().len());
        if silent && stream.read_buf(&mut buffer).await? == 0 {
            return Ok(session.end_of_input()?);
        }
    }
}
