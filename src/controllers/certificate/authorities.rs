//! The authorities in the Secret: the one that signs, the announced one, and those that are still trusted.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::certificates::{Authority, AuthorityError, CaCertificate};

const CURRENT: (&str, &str) = ("ca.crt", "ca.key");
const NEXT: (&str, &str) = ("next-ca.crt", "next-ca.key");
const PREVIOUS: &str = "previous-ca.crt";

/// The line before each certificate of `previous-ca.crt`. PEM allows text between certificates.
const UNTIL: &str = "trusted until, in seconds since 1970: ";

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// The valid authorities of the Secret, and its faults.
#[derive(Debug, Default)]
pub(super) struct Authorities {
    /// Signs now.
    pub(super) current: Option<Authority>,
    /// Announced; signs next.
    pub(super) next: Option<Authority>,
    /// No longer sign, but are trusted.
    pub(super) previous: Vec<Previous>,
    /// Certificates without a valid key.
    pub(super) keyless: Vec<CaCertificate>,
    /// The faults of the Secret.
    pub(super) faults: Vec<Fault>,
}

/// An authority that no longer signs. It is trusted while its certificates may be active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Previous {
    /// Its certificate.
    pub(super) certificate: CaCertificate,
    /// When everything that it signed has expired.
    pub(super) until: OffsetDateTime,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// One half of a pair is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Not UTF-8.
    #[error("{0} is no text")]
    NoText(&'static str),
    /// Another content than expected.
    #[error("{0} {1}")]
    Bad(&'static str, AuthorityError),
    /// Expired.
    #[error("{0} ended on {1}")]
    Ended(&'static str, OffsetDateTime),
    /// The Secret was replaced by an older or another one.
    #[error("the authority of this replica's active certificate is not in it")]
    ActiveMissing,
}

/// The decoded values of a Secret.
pub(super) type Data = BTreeMap<String, Vec<u8>>;

impl Authorities {
    /// Reads all values. An unreadable one is a fault.
    pub(super) fn read(data: &Data) -> Self {
        let mut authorities = Self::default();
        authorities.current = authorities.pair(data, CURRENT);
        authorities.next = authorities.pair(data, NEXT);
        authorities.read_previous(data);
        let is_same = |next: &Authority| {
            let current = authorities.current.as_ref().map(Authority::certificate);
            current == Some(next.certificate())
        };
        if authorities.next.as_ref().is_some_and(is_same) {
            authorities.next = None;
        }
        let has_other = authorities.next.is_some() || !authorities.previous.is_empty();
        if authorities.current.is_none() && authorities.faults.is_empty() && has_other {
            authorities.faults.push(Fault::Missing(CURRENT.0));
        }
        authorities
    }

    /// The value of each of slicegate's keys in the Secret; none to remove the key.
    pub(super) fn write(&self) -> [(&'static str, Option<String>); 5] {
        let certificate = |a: &Option<Authority>| a.as_ref().map(|a| a.certificate().pem());
        let key = |a: &Option<Authority>| a.as_ref().map(Authority::key_pem);
        let previous: String = self.previous.iter().map(Previous::text).collect();
        [
            (CURRENT.0, certificate(&self.current)),
            (CURRENT.1, key(&self.current)),
            (NEXT.0, certificate(&self.next)),
            (NEXT.1, key(&self.next)),
            (PREVIOUS, Some(previous).filter(|p| !p.is_empty())),
        ]
    }

    /// The authorities that clients have to trust. Every replica writes them in this order.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &CaCertificate> {
        let previous = self.previous.iter().map(|p| &p.certificate);
        let signing = [&self.current, &self.next].into_iter().flatten();
        previous.chain(signing.map(Authority::certificate))
    }

    /// A fault for each expired authority.
    pub(super) fn ended(&self, now: OffsetDateTime) -> impl Iterator<Item = Fault> {
        let pairs = [(CURRENT.0, &self.current), (NEXT.0, &self.next)];
        pairs.into_iter().filter_map(move |(key, authority)| {
            let end = authority.as_ref()?.certificate().not_after();
            (end <= now).then_some(Fault::Ended(key, end))
        })
    }

    fn pair(&mut self, data: &Data, names: (&'static str, &'static str)) -> Option<Authority> {
        let (certificate, key) = (self.text(data, names.0), self.text(data, names.1));
        let certificate = match (certificate, key) {
            (Entry::Text(text), _) => self.valid(names.0, CaCertificate::read(text))?,
            (Entry::Missing, Entry::Text(_) | Entry::NoText) => {
                self.faults.push(Fault::Missing(names.0));
                return None;
            }
            (Entry::Missing, Entry::Missing) | (Entry::NoText, _) => return None,
        };
        let authority = match key {
            Entry::Text(key) => self.valid(names.1, Authority::read(certificate.clone(), key)),
            Entry::Missing => {
                self.faults.push(Fault::Missing(names.1));
                None
            }
            Entry::NoText => None,
        };
        if authority.is_none() {
            self.keyless.push(certificate);
        }
        authority
    }

    fn read_previous(&mut self, data: &Data) {
        let Entry::Text(text) = self.text(data, PREVIOUS) else {
            return;
        };
        let (mut until, mut block) = (None, String::new());
        for line in text.lines() {
            if let Some(seconds) = line.strip_prefix(UNTIL) {
                until = seconds.trim().parse().ok();
            }
            if line.starts_with(BEGIN) {
                block.clear();
            }
            block.push_str(line);
            block.push('\n');
            if line.starts_with(END) {
                self.add_previous(&block, until.take());
                block.clear();
            }
        }
        if !block.trim().is_empty() {
            let problem = AuthorityError::Certificate;
            self.faults.push(Fault::Bad(PREVIOUS, problem));
        }
    }

    /// Without the line that says until when, a person wrote the certificate: it stays until it expires.
    fn add_previous(&mut self, pem: &str, until: Option<i64>) {
        if let Some(certificate) = self.valid(PREVIOUS, CaCertificate::read(pem)) {
            let until = until.and_then(|u| OffsetDateTime::from_unix_timestamp(u).ok());
            self.previous.push(Previous {
                until: until.unwrap_or(certificate.not_after()),
                certificate,
            });
        }
    }

    fn text<'d>(&mut self, data: &'d Data, key: &'static str) -> Entry<'d> {
        match data.get(key).map(|bytes| std::str::from_utf8(bytes)) {
            None | Some(Ok("")) => Entry::Missing,
            Some(Ok(text)) => Entry::Text(text),
            Some(Err(_)) => {
                self.faults.push(Fault::NoText(key));
                Entry::NoText
            }
        }
    }

    fn valid<T>(&mut self, key: &'static str, read: Result<T, AuthorityError>) -> Option<T> {
        read.map_err(|problem| self.faults.push(Fault::Bad(key, problem)))
            .ok()
    }
}

#[derive(Clone, Copy)]
enum Entry<'d> {
    Missing,
    NoText,
    Text(&'d str),
}

impl Previous {
    fn text(&self) -> String {
        let Self { certificate, until } = self;
        format!("{UNTIL}{}\n{}", until.unix_timestamp(), certificate.pem())
    }
}
