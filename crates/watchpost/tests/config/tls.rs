//! The certificate and its key.

use std::fs;
use std::time::SystemTime;

use watchpost::config::{Severity, TlsFile, TlsIdentity};

use crate::site::{SOUND, Site, with};

#[test]
fn a_certificate_and_its_key_are_read_at_once() {
    let site = Site::new();
    let tls = site.sound().tls.unwrap();
    assert_eq!(tls.names, ["mail.example.org", "192.0.2.1"]);
    assert!(!format!("{tls:?}").contains("PRIVATE"));

    let place = "14:15";
    site.refuses(&with("cert.pem", "absent.pem"), place, "absent.pem`: No such file", "relative paths begin");
    site.refuses(&with("cert.pem", "."), place, "it is not a file", "path of a file");
    site.refuses(&with("cert.pem", "key.pem"), place, "there is no certificate in", "BEGIN CERTIFICATE");
    site.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o600);
    site.refuses(&with("cert.pem", "broken.pem"), place, "is damaged", "unchanged as it was issued");
    site.refuses(&with("cert.pem", "{user}.pem"), place, "a variable that is not known here", "{data_dir}");
    site.refuses(&with("certificate = \"cert.pem\"\n", ""), "13:1", "`certificate` is missing", "cert.pem");
    assert!(site.config(&with("cert.pem", "{data_dir}/cert.pem")).is_ok());
}

#[test]
fn a_key_is_for_us_alone_and_fits_its_certificate() {
    let site = Site::new();
    let place = "15:7";
    for mode in [0o604, 0o602, 0o644, 0o601] {
        site.permit("key.pem", mode);
        site.refuses(SOUND, place, &format!("its mode is 0{mode:o}"), "chmod 640 ");
    }
    site.permit("key.pem", 0o640);
    assert!(site.config(SOUND).is_ok());
    let other = Site::new();
    site.write("other.pem", &fs::read_to_string(other.path("key.pem")).unwrap(), 0o600);
    site.refuses(&with("key.pem", "other.pem"), place, "does not fit the certificate", "issued for this key");
    site.write("none.pem", "", 0o600);
    site.refuses(&with("key.pem", "none.pem"), place, "no usable private key", "BEGIN PRIVATE KEY");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    site.write("locked.pem", locked, 0o600);
    site.refuses(&with("key.pem", "locked.pem"), place, "no usable private key", "passphrase");
    let odd = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    site.write("odd.pem", odd, 0o600);
    site.refuses(&with("key.pem", "odd.pem"), place, "is of no use", "ECDSA P-256");
    let both = with("cert.pem", "absent.pem").replace("key.pem", "absent.pem");
    assert_eq!(site.config(&both).unwrap_err().iter().count(), 2, "both files are told at once");
}

#[test]
fn an_expired_certificate_is_a_warning() {
    let site = Site::new();
    let mut wanted = rcgen::CertificateParams::new(["mail.example.org".to_owned()]).unwrap();
    wanted.not_before = rcgen::date_time_ymd(2020, 1, 1);
    wanted.not_after = rcgen::date_time_ymd(2020, 3, 31);
    let key = rcgen::KeyPair::generate().unwrap();
    site.write("cert.pem", &wanted.self_signed(&key).unwrap().pem(), 0o644);
    site.write("key.pem", &key.serialize_pem(), 0o600);
    let config = site.sound();
    let at = |day: &str| SystemTime::try_from(day.parse::<jiff::Timestamp>().unwrap()).unwrap();

    assert!(config.warnings(at("2020-02-01T00:00:00Z")).is_empty());
    for (now, said) in
        [("2020-05-01T00:00:00Z", "expired on 2020-03-31"), ("2019-05-01T00:00:00Z", "only from 2020-01-01")]
    {
        let warnings = config.warnings(at(now));
        let [warning] = warnings.as_slice() else { panic!("one warning") };
        assert_eq!(warning.severity(), Severity::Warning);
        assert_eq!(warning.place().map(|place| place.line), Some(14));
        assert!(warning.plain().starts_with("warning") && warning.message().contains(said), "{}", warning.plain());
        let json: serde_json::Value = serde_json::from_str(&config.to_json(&config.warnings(at(now)))).unwrap();
        assert_eq!(json["findings"][0]["severity"], "warning");
        assert_eq!(json["effective"]["limits"]["idle_time"], "10m");
    }
}

#[test]
fn a_certificate_is_read_again_when_it_was_replaced() {
    let site = Site::new();
    let old = site.sound().tls.unwrap();
    let other = Site::new();
    fs::copy(other.path("cert.pem"), site.path("cert.pem")).unwrap();
    let half = TlsIdentity::load(&old.certificate, &old.key).unwrap_err();
    assert_eq!(half.file, TlsFile::Key, "only one of the two was replaced: {half}");
    fs::copy(other.path("key.pem"), site.path("key.pem")).unwrap();
    let new = TlsIdentity::load(&old.certificate, &old.key).unwrap();
    assert_ne!(new.certified_key.cert, old.certified_key.cert);
}
