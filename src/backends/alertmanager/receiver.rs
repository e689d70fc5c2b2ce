//! Receivers, which both formats write alike.

use serde::ser::{Serialize, SerializeMap, Serializer};

use nth_model::Settings;

use super::plan::{Contact, Integration};
use crate::receivers::message::Wording;
use crate::receivers::{Context, Entry, LISTS, Language, Name, describe};

/// A receiver: its name, and a list of entries for each kind of integration.
#[derive(Debug)]
pub struct Receiver<'a> {
    name: &'a str,
    lists: Vec<(&'static str, Vec<Entry<'a>>)>,
}

impl<'a> Receiver<'a> {
    /// The receivers of a plan in a language.
    pub fn all(
        contacts: &'a [Contact<'_>],
        language: Language<'a>,
        wording: &Wording,
        settings: &'a Settings,
    ) -> Vec<Self> {
        let entry = |integration: &Integration<'_>| {
            let mut entry = Entry::new(language, &settings.alertmanager);
            let resolved = Name::new("send_resolved", "sendResolved");
            entry.bool(resolved, integration.resolved);
            let context = Context {
                team: integration.team,
                wording,
                settings,
            };
            describe(&integration.channel).write(&mut entry, &context);
            entry
        };
        let receiver = |contact: &'a Contact<'_>| {
            let in_list = |list: Name| {
                let entries = contact.integrations.iter();
                let entries =
                    entries.filter(|integration| describe(&integration.channel).list() == list);
                let entries: Vec<Entry<'a>> = entries.map(entry).collect();
                (list.in_language(language), entries)
            };
            let lists = LISTS.into_iter().map(in_list);
            Self {
                name: &contact.name,
                lists: lists.filter(|(_, entries)| !entries.is_empty()).collect(),
            }
        };
        contacts.iter().map(receiver).collect()
    }
}

impl Serialize for Receiver<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.lists.len()))?;
        map.serialize_entry("name", self.name)?;
        for (name, entries) in &self.lists {
            map.serialize_entry(name, entries)?;
        }
        map.end()
    }
}
