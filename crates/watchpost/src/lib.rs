//! The program: sockets, TLS, command line and configuration around the protocol, the stores and the observatory.

mod accounts;
pub mod bench;
pub mod certificate;
pub mod cli;
pub mod clock;
pub mod config;
pub mod conform;
pub mod connect;
pub mod console;
pub mod demo;
pub mod explain;
pub mod fetch;
pub mod house;
pub mod i18n;
pub mod import;
pub mod init;
pub mod journal;
pub mod known;
pub mod log;
pub mod password;
pub mod private_file;
pub mod run;
pub mod serve;
pub mod server;
pub mod times;
pub mod user;
pub mod watch;
