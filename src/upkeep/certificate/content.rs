//! What the Secret holds: the authority that signs, the one that is announced, and those that are still trusted.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::certificates::{Authority, AuthorityError, Trusted};

const CURRENT: (&str, &str) = ("ca.crt", "ca.key");
const NEXT: (&str, &str) = ("next-ca.crt", "next-ca.key");
const PREVIOUS: &str = "previous-ca.crt";

/// What stands before each certificate of `previous-ca.crt`; PEM leaves room for such lines.
const UNTIL: &str = "trusted until, in seconds since 1970: ";

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// What the Secret holds, as far as it is any good.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Signs now.
    pub(super) current: Option<Authority>,
    /// Is announced, and signs next.
    pub(super) next: Option<Authority>,
    /// Do not sign any more.
    pub(super) previous: Vec<Previous>,
    /// Certificates without a key that is good for anything.
    pub(super) keyless: Vec<Trusted>,
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
}

/// An authority that does not sign any more, and is trusted while its certificates may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Previous {
    /// Its certificate.
    pub(super) certificate: Trusted,
    /// The certificates it signed have ended by then.
    pub(super) until: OffsetDateTime,
}

/// What is wrong with a Secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// The other half is there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Not even a text.
    #[error("{0} is no text")]
    NoText(&'static str),
    /// Not what belongs there.
    #[error("{0} {1}")]
    Bad(&'static str, AuthorityError),
    /// Too old.
    #[error("{0} ended on {1}")]
    Ended(&'static str, OffsetDateTime),
    /// Somebody put an older or another Secret in place.
    #[error("the authority whose certificate this replica shows is not in it")]
    Forgotten,
}

/// The values of a Secret that is there.
pub(super) type Data = BTreeMap<String, Vec<u8>>;

impl Content {
    /// Reads all of it; what cannot be read is a fault.
    pub(super) fn read(data: &Data) -> Self {
        let mut content = Self::default();
        content.current = content.pair(data, CURRENT);
        content.next = content.pair(data, NEXT);
        content.read_previous(data);
        let is_same = |next: &Authority| {
            let current = content.current.as_ref().map(Authority::certificate);
            current == Some(next.certificate())
        };
        if content.next.as_ref().is_some_and(is_same) {
            content.next = None;
        }
        let has_other = content.next.is_some() || !content.previous.is_empty();
        if content.current.is_none() && content.faults.is_empty() && has_other {
            content.faults.push(Fault::Missing(CURRENT.0));
        }
        content
    }

    /// What belongs into the Secret under each key that is slicegate's; none where there is nothing.
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

    /// What clients are to trust, in the order in which every replica writes it.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &Trusted> {
        let previous = self.previous.iter().map(|p| &p.certificate);
        let signing = [&self.current, &self.next].into_iter().flatten();
        previous.chain(signing.map(Authority::certificate))
    }

    /// What has ended, with the name of its key.
    pub(super) fn ended(&self, now: OffsetDateTime) -> impl Iterator<Item = Fault> {
        let pairs = [(CURRENT.0, &self.current), (NEXT.0, &self.next)];
        pairs.into_iter().filter_map(move |(key, authority)| {
            let end = authority.as_ref()?.certificate().not_after();
            (end <= now).then_some(Fault::Ended(key, end))
        })
    }

    fn pair(&mut self, data: &Data, names: (&'static str, &'static str)) -> Option<Authority> {
        let (certificate, key) = (self.text(data, names.0), self.text(data, names.1));
        let (certificate, key) = match (certificate, key) {
            (Text::None, Text::None) => return None,
            (Text::Is(certificate), key) => {
                let certificate = self.good(names.0, Trusted::read(certificate))?;
                match key {
                    Text::Is(key) => (certificate, key),
                    other => {
                        self.keyless.push(certificate);
                        if matches!(other, Text::None) {
                            self.faults.push(Fault::Missing(names.1));
                        }
                        return None;
                    }
                }
            }
            (Text::None, _) => {
                self.faults.push(Fault::Missing(names.0));
                return None;
            }
            (Text::Bad, _) => return None,
        };
        let authority = self.good(names.1, Authority::read(certificate.clone(), key));
        if authority.is_none() {
            self.keyless.push(certificate);
        }
        authority
    }

    fn read_previous(&mut self, data: &Data) {
        let Text::Is(text) = self.text(data, PREVIOUS) else {
            return;
        };
        let (mut until, mut block) = (None, String::new());
        for line in text.lines() {
            if let Some(said) = line.strip_prefix(UNTIL) {
                until = said.trim().parse().ok();
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

    /// Where nothing says until when, somebody wrote it by hand: it stays until it ends.
    fn add_previous(&mut self, pem: &str, until: Option<i64>) {
        if let Some(certificate) = self.good(PREVIOUS, Trusted::read(pem)) {
            let until = until.and_then(|u| OffsetDateTime::from_unix_timestamp(u).ok());
            self.previous.push(Previous {
                until: until.unwrap_or(certificate.not_after()),
                certificate,
            });
        }
    }

    fn text<'d>(&mut self, data: &'d Data, key: &'static str) -> Text<'d> {
        match data.get(key).map(|bytes| std::str::from_utf8(bytes)) {
            None | Some(Ok("")) => Text::None,
            Some(Ok(text)) => Text::Is(text),
            Some(Err(_)) => {
                self.faults.push(Fault::NoText(key));
                Text::Bad
            }
        }
    }

    fn good<T>(&mut self, key: &'static str, read: Result<T, AuthorityError>) -> Option<T> {
        read.map_err(|problem| self.faults.push(Fault::Bad(key, problem)))
            .ok()
    }
}

#[derive(Clone, Copy)]
enum Text<'d> {
    None,
    Bad,
    Is(&'d str),
}

impl Previous {
    fn text(&self) -> String {
        let Self { certificate, until } = self;
        format!("{UNTIL}{}\n{}", until.unix_timestamp(), certificate.pem())
    }
}
