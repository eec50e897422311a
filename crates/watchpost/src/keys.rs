//! Secrets of the server's own: one for each installation, one for each run.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use watchpost_observatory::InstallationKey;
use zeroize::Zeroizing;

use crate::private_file::write_private;

/// The file of the installation's key, in the data folder.
pub const INSTALLATION_KEY_FILE: &str = "observatory.key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot keep the key {}: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The file holds something else.
    #[error("{} holds no key: delete it to get a new one", .0.display())]
    Damaged(PathBuf),
    /// Others can read the file.
    #[error("others can read the key {}: run chmod 600 on it, or delete it to get a new one", .0.display())]
    Exposed(PathBuf),
    /// The system gives no random numbers.
    #[error("cannot get random numbers from the system")]
    NoRandomness,
}

/// Octets that nobody else knows.
pub fn random() -> Result<[u8; 32], KeyError> {
    let mut octets = [0; 32];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| KeyError::NoRandomness)?;
    Ok(octets)
}

/// The key of this installation, from its file in the data folder; made there if it is missing.
pub fn installation(data_dir: &Path) -> Result<InstallationKey, KeyError> {
    let path = data_dir.join(INSTALLATION_KEY_FILE);
    let failed = |cause| KeyError::File { path: path.clone(), cause };
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let octets = Zeroizing::new(random()?);
            let text = Zeroizing::new(format!("{}\n", written(&octets).as_str()));
            write_private(&path, &text).map_err(|(path, cause)| KeyError::File { path, cause })?;
            return Ok(InstallationKey::new(*octets));
        }
        Err(error) => return Err(failed(error)),
    };
    let mode = fs::metadata(&path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed(path));
    }
    let octets = read(text.trim_end()).ok_or(KeyError::Damaged(path))?;
    Ok(InstallationKey::new(*octets))
}

fn written(octets: &[u8; 32]) -> Zeroizing<String> {
    let digit = |number: u8| char::from_digit(number.into(), 16).unwrap_or('0');
    Zeroizing::new(octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect())
}

fn read(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let mut octets = Zeroizing::new([0; 32]);
    if pairs.len() != octets.len() {
        return None;
    }
    for (octet, pair) in octets.iter_mut().zip(pairs) {
        let digits = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'))?;
        *octet = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::SystemTime;
    use watchpost_observatory::{BootKey, Guess, PasswordTables};

    /// The tag of a password under this key: all that can be seen of a key.
    fn tag(key: &InstallationKey) -> u16 {
        let tables = PasswordTables::new(&BootKey::new([0; 32]), key);
        let guess = Guess { source: IpAddr::V4(Ipv4Addr::LOCALHOST), name: b"alice", password: b"x" };
        tables.facts(guess, SystemTime::UNIX_EPOCH).tag
    }

    #[test]
    fn the_key_of_an_installation_is_made_once_and_for_our_eyes_only() {
        // S-061, §4.3
        let folder = tempfile::tempdir().unwrap();
        let made = installation(folder.path()).unwrap();
        let path = folder.path().join(INSTALLATION_KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(tag(&made), tag(&installation(folder.path()).unwrap()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(installation(folder.path()), Err(KeyError::Exposed(_))));
        write_private(&path, "not a key").unwrap();
        assert!(matches!(installation(folder.path()), Err(KeyError::Damaged(_))));
        write_private(&path, &"+1".repeat(32)).unwrap();
        assert!(matches!(installation(folder.path()), Err(KeyError::Damaged(_))));
        assert!(matches!(installation(&folder.path().join("missing")), Err(KeyError::File { .. })));
    }
}
