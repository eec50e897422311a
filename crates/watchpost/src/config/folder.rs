//! Whether we can work in a folder, and what to do if not.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::Access;

/// Why a folder cannot be used.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) message: String,
    pub(super) help: String,
}

/// Whether the folder is there and we can read, write and search it.
pub(super) fn usable(path: &Path) -> Result<(), Trouble> {
    match fs::metadata(path) {
        Err(error) => Err(unreachable(path, &error)),
        Ok(metadata) if !metadata.is_dir() => Err(not_a_folder(path)),
        Ok(metadata) => accessible(path, &metadata, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK),
    }
}

/// Whether the folder is usable, or can be made: then the nearest folder above it that exists must be writable.
pub(super) fn usable_or_makeable(path: &Path) -> Result<(), Trouble> {
    for (depth, ancestor) in path.ancestors().enumerate() {
        match fs::metadata(ancestor) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreachable(ancestor, &error)),
            Ok(_) if depth == 0 => return usable(path),
            Ok(metadata) if !metadata.is_dir() => return Err(not_a_folder(ancestor)),
            Ok(metadata) => {
                return accessible(ancestor, &metadata, Access::WRITE_OK | Access::EXEC_OK).map_err(|trouble| {
                    Trouble {
                        message: format!("{} does not exist and cannot be made: {}", shown(path), trouble.message),
                        help: format!("make it yourself: {}", make_it(path)),
                    }
                });
            }
        }
    }
    Ok(())
}

/// Whether we may do that with what is there.
fn accessible(path: &Path, metadata: &fs::Metadata, access: Access) -> Result<(), Trouble> {
    let Err(error) = rustix::fs::access(path, access) else { return Ok(()) };
    let verb = if access.contains(Access::READ_OK) { "read, write and search" } else { "write into" };
    if error != rustix::io::Errno::ACCESS {
        let message = format!("we cannot {verb} {}: {}", shown(path), io::Error::from(error));
        return Err(Trouble { message, help: "choose a folder on a disk that can be written".to_owned() });
    }
    let (uid, owner, mode) = (uid(), metadata.uid(), metadata.mode() & 0o7777);
    let message =
        format!("we (uid {uid}) cannot {verb} {}: it belongs to uid {owner} and has mode {mode:04o}", shown(path));
    let help = if owner == uid {
        format!("chmod u+rwx {}", bare(path))
    } else {
        format!("chown {uid} {}, or run Watchpost as uid {owner}", bare(path))
    };
    Err(Trouble { message, help })
}

/// Something is not there, or cannot be looked at.
fn unreachable(path: &Path, error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::NotFound => {
            Trouble { message: format!("{} does not exist", shown(path)), help: format!("make it: {}", make_it(path)) }
        }
        io::ErrorKind::PermissionDenied => Trouble {
            message: format!("we (uid {}) cannot reach {}: permission denied", uid(), shown(path)),
            help: format!("let uid {} search every folder above it: chmod +x", uid()),
        },
        io::ErrorKind::NotADirectory => not_a_folder(path.parent().unwrap_or(path)),
        _ => Trouble {
            message: format!("cannot look at {}: {error}", shown(path)),
            help: "choose a folder that can be looked at".to_owned(),
        },
    }
}

fn not_a_folder(path: &Path) -> Trouble {
    Trouble { message: format!("{} is not a folder", shown(path)), help: "write the path of a folder".to_owned() }
}

/// The command that makes the folder, ours alone.
fn make_it(path: &Path) -> String {
    format!("install -d -m 700 -o {} {}", uid(), bare(path))
}

/// Who we are to the file system.
pub(super) fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// A path within a message. Not cut: half a path is no path.
pub(super) fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn bare(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"/._-+@,:=".contains(&octet));
    if plain { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The same for a single file, in a sentence.
pub(super) fn file_trouble(path: &Path, error: &io::Error) -> Trouble {
    let message = format!("cannot read {}: {error}", shown(path));
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            "write the path of a file that exists; relative paths begin in this file's folder".into()
        }
        io::ErrorKind::PermissionDenied => {
            let owner = fs::metadata(path).map(|metadata| format!("; it belongs to uid {}", metadata.uid()));
            format!("let uid {} read it: chown or chgrp{}", uid(), owner.unwrap_or_default())
        }
        _ => "write the path of a file that can be read".into(),
    };
    Trouble { message, help }
}
