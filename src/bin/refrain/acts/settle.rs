//! Finds out what became of acts that a kill interrupted, and removes what they left half done.
use super::{
    action::Action,
    disk,
    journal::{Intent, Journal, State},
    link,
    relocate::Relocation,
};

/// The journal says of some acts only that they began. Decides for each whether it happened.
pub fn settle(journal: &mut Journal) -> anyhow::Result<()> {
    let open: Vec<Intent> =
        journal.acts().iter().filter(|act| act.state == State::Begun).map(|act| act.intent.clone()).collect();
    for intent in open {
        let state = if has_happened(&intent) { State::Done } else { State::Failed };
        journal.set(intent.act, state)?;
    }
    Ok(())
}

fn has_happened(intent: &Intent) -> bool {
    let path = &intent.path.0;
    match intent.action {
        Action::Trash | Action::Delete => !disk::is_there(path),
        Action::Move => {
            let Some(to) = &intent.to else { return false };
            if disk::is_there(path) {
                let temporary = disk::temporary(&to.0, intent.run, intent.act);
                let hash = &intent.hash;
                Relocation { from: path, to: &to.0, temporary: &temporary, hash, again: true }.take_back();
                return false;
            }
            true
        }
        Action::Hardlink | Action::Reflink => {
            let _ = link::tidy(path, &disk::temporary(path, intent.run, intent.act));
            // The name stays, the file that it leads to is another one. Where the system does not tell, undoing a link that
            // was never made does no harm.
            match (intent.inode, disk::look(path).ok().and_then(|seen| seen.identity)) {
                (Some(before), Some((_, now))) => before != now,
                _ => true,
            }
        }
    }
}
