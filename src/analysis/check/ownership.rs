//! Teams that contradict what other programs say.

use crate::codes;
use crate::db::{Diag, Workspace};
use crate::eval::ownership::{Owner, owner};
use crate::eval::{Instance, Value};
use crate::schema::names::field;

/// Diagnostic about a block that sets another team than `CODEOWNERS` or Backstage's catalog.
pub fn contradiction(
    db: &dyn salsa::Database,
    workspace: Workspace,
    block: &Instance,
) -> Option<Diag> {
    let set = block.fields.get(field::TEAM).filter(|set| set.explicit)?;
    let Value::Block(team) = &set.value else {
        return None;
    };
    let item = block.head.item;
    let known = match owner(db, workspace, item, &block.kind, &block.name) {
        Owner::Team(known, owners) => (known, owners),
        Owner::Contradiction([one, other]) if one.0.item == team.item => other,
        Owner::Contradiction([one, _]) => one,
        Owner::Unknown | Owner::NoTeam(_) => return None,
    };
    let (known, owners) = known;
    (known.item != team.item).then(|| {
        Diag::new(
            &codes::OTHER_OWNER,
            format!(
                "team `{}` of {} `{}` is not its owner in `{}`",
                team.name, block.kind, block.name, owners.path
            ),
            set.span,
        )
        .label(format!("line {} says team `{}`", owners.line, known.name))
        .help("correct one of them; without `team`, the other program decides")
    })
}
