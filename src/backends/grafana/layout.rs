//! Positions and ids of panels.

use std::collections::BTreeSet;

use crate::fnv1a;

use super::document::{GridPos, Item, Panel, Row};

/// The width of a dashboard.
pub const WIDTH: u8 = 24;

/// A panel without a position.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The key in its section, which does not change with the panel's contents.
    pub key: String,
    /// The width, at most [`WIDTH`].
    pub width: u8,
    /// The height.
    pub height: u8,
    /// The panel; its id and position are filled in later.
    pub panel: Panel,
}

/// Panels below a title.
#[derive(Debug, Clone)]
pub struct Section {
    /// The key in the dashboard.
    pub key: String,
    /// The title of the row.
    pub title: String,
    /// Its panels.
    pub panels: Vec<Draft>,
    /// Whether the row is collapsed at first, so that its queries do not run.
    pub is_collapsed: bool,
}

/// Places all sections one below the other: each a row, then its panels from left to right, with a new line if one does not
/// fit. The panels of a collapsed row are in it. Sections without panels are omitted.
pub fn assemble(sections: Vec<Section>) -> Vec<Item> {
    let mut ids = Ids::default();
    let mut items = Vec::new();
    let mut top = 0;
    for section in sections {
        if section.panels.is_empty() {
            continue;
        }
        let place = GridPos {
            h: 1,
            w: WIDTH,
            x: 0,
            y: top,
        };
        let mut row = Row::new(ids.id(&[&section.key]), section.title, place);
        row.collapsed = section.is_collapsed;
        top += 1;
        let below_row = top;
        let mut panels = Vec::new();
        let (mut left, mut line) = (0, 0);
        for mut draft in section.panels {
            let width = draft.width.clamp(1, WIDTH);
            if left + width > WIDTH {
                top += u32::from(line);
                (left, line) = (0, 0);
            }
            draft.panel.id = ids.id(&[&section.key, &draft.key]);
            draft.panel.grid_pos = GridPos {
                h: draft.height.max(1),
                w: width,
                x: left,
                y: top,
            };
            left += width;
            line = line.max(draft.height.max(1));
            panels.push(draft.panel);
        }
        top += u32::from(line);
        if row.collapsed {
            // Nothing but the row has a place until it is opened.
            top = below_row;
            row.panels = panels;
            items.push(Item::Row(row));
        } else {
            items.push(Item::Row(row));
            items.extend(panels.into_iter().map(|panel| Item::Panel(Box::new(panel))));
        }
    }
    items
}

/// Ids of panels: hashes of their keys, so that each is independent of the others.
#[derive(Default)]
struct Ids {
    taken: BTreeSet<u32>,
}

impl Ids {
    /// An id between 1 and 2³¹ − 1. If two keys have the same hash, the second gets the next number.
    fn id(&mut self, path: &[&str]) -> u32 {
        const MOST: u32 = i32::MAX as u32;
        let mut id = (fnv1a(&path.join("\0")) & MOST).max(1);
        while !self.taken.insert(id) {
            id = if id == MOST { 1 } else { id + 1 };
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn section(number: usize, sizes: &[(u8, u8)]) -> Section {
        let draft = |(index, (width, height)): (usize, &(u8, u8))| Draft {
            key: index.to_string(),
            width: *width,
            height: *height,
            panel: Panel::default(),
        };
        Section {
            key: number.to_string(),
            title: number.to_string(),
            panels: sizes.iter().enumerate().map(draft).collect(),
            is_collapsed: false,
        }
    }

    fn place(item: &Item) -> (u32, &GridPos) {
        match item {
            Item::Row(row) => (row.id, &row.grid_pos),
            Item::Panel(panel) => (panel.id, &panel.grid_pos),
        }
    }

    proptest! {
        #[test]
        fn nothing_overlaps(sizes in prop::collection::vec(prop::collection::vec((1u8..=24, 1u8..=24), 0..12), 0..6)) {
            let sections = sizes.iter().enumerate().map(|(number, sizes)| section(number, sizes));
            let items = assemble(sections.collect());
            let panels: usize = sizes.iter().map(Vec::len).sum();
            let rows = sizes.iter().filter(|sizes| !sizes.is_empty()).count();
            prop_assert_eq!(items.len(), panels + rows);
            for (index, item) in items.iter().enumerate() {
                let (id, at) = place(item);
                prop_assert!(id > 0 && i32::try_from(id).is_ok());
                prop_assert!(at.w > 0 && at.h > 0 && at.x + at.w <= WIDTH);
                for other in &items[..index] {
                    let (other_id, other) = place(other);
                    prop_assert_ne!(id, other_id);
                    let beside = other.x + other.w <= at.x || at.x + at.w <= other.x;
                    let below = other.y + u32::from(other.h) <= at.y;
                    let above = at.y + u32::from(at.h) <= other.y;
                    prop_assert!(beside || below || above, "{:?} and {:?}", other, at);
                }
            }
        }
    }

    #[test]
    fn an_id_depends_on_the_name_alone() {
        let alone = assemble(vec![section(7, &[(12, 8)])]);
        let after = assemble(vec![section(1, &[(3, 3)]), section(7, &[(12, 8)])]);
        let ids = |items: &[Item]| -> Vec<u32> { items.iter().map(|item| place(item).0).collect() };
        assert_eq!(ids(&alone), ids(&after)[2..]);
    }
}
