//! The page for people: verdict, identity, registry, assignments, near misses, fix.

use std::io::{self, Write};

use super::condition::ConditionRow;
use super::model::{AssignmentRow, Explanation};
use super::sentence;
use crate::azure_cli::{Repair, Shell};
use crate::engine::action::PermissionsMode;
use crate::engine::authorize::Contribution;
use crate::engine::decision::Verdict;
use crate::engine::fix::{NoFix, Reach};
use crate::report::columns::Paint;
use crate::report::snippet::{draw_mistake, draw_places};
use crate::review::{self, printable};

/// Writes an explanation for people.
///
/// # Errors
/// As `to` does.
pub fn write_explanation(to: &mut dyn Write, explanation: &Explanation, paint: Paint) -> io::Result<()> {
    let Explanation { verdict, reason, message, .. } = explanation;
    writeln!(to, "{}  {reason}: {}", paint.verdict(*verdict, verdict.as_str()), printable(message))?;
    Page { to, paint }.write(explanation)
}

struct Page<'a> {
    to: &'a mut dyn Write,
    paint: Paint,
}

impl Page<'_> {
    fn write(&mut self, explanation: &Explanation) -> io::Result<()> {
        self.identity(explanation)?;
        self.registry(explanation)?;
        self.assignments(explanation)?;
        self.near_misses(explanation)?;
        self.advice(explanation)?;
        self.fix(explanation)
    }

    fn title(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.to, "\n{}", self.paint.bold(title))
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.to, "  {}", printable(text))
    }

    fn identity(&mut self, explanation: &Explanation) -> io::Result<()> {
        let Some(identity) = &explanation.identity else { return Ok(()) };
        self.title("Identity")?;
        let id = identity.principal_id.map(|id| format!(", object id {id}")).unwrap_or_default();
        self.line(&format!("{} {}{id}", review::sentence::identity_kind(identity.kind), identity.name))?;
        if identity.principal_id.is_some() && !explanation.groups.is_empty() {
            self.line(&format!("member of {}", explanation.groups.join(", ")))?;
        }
        Ok(())
    }

    fn registry(&mut self, explanation: &Explanation) -> io::Result<()> {
        let Some(registry) = &explanation.registry else { return Ok(()) };
        self.title("Registry")?;
        let mode = match registry.mode {
            Some(PermissionsMode::Rbac) => "mode rbac: control-plane actions, for the whole registry",
            Some(PermissionsMode::RbacAbac) => "mode rbac-abac: data actions, which conditions can narrow",
            None => "mode unknown: no export shows it, so both were tried",
        };
        self.line(&format!("{} ({}), {mode}", registry.name, registry.login_server))?;
        if let Some(repository) = &explanation.repository {
            self.line(&format!("repository {repository}"))?;
        }
        // Tokens, the admin user and anonymous pulls are asked for none of these.
        let by_role = explanation.identity.as_ref().is_none_or(|identity| identity.principal_id.is_some());
        for permission in registry.permissions.iter().filter(|_| by_role) {
            self.line(&format!("{} takes {permission}", explanation.action))?;
        }
        Ok(())
    }

    fn assignments(&mut self, explanation: &Explanation) -> io::Result<()> {
        let concerned = explanation.identity.as_ref().is_some_and(|identity| identity.principal_id.is_some());
        if !concerned || explanation.registry.is_none() {
            return Ok(());
        }
        self.title("Assignments considered")?;
        if explanation.assignments.is_empty() {
            return self.line("none: no role assignment names this identity or a group of it");
        }
        let several = explanation.registry.as_ref().is_none_or(|registry| registry.permissions.len() != 1);
        explanation.assignments.iter().try_for_each(|row| self.assignment(row, several))
    }

    fn assignment(&mut self, row: &AssignmentRow, name_permission: bool) -> io::Result<()> {
        let group = row.group.as_ref().map(|group| format!(", through group {group}")).unwrap_or_default();
        let mark = match row.contribution {
            Contribution::Granted => self.paint.verdict(Verdict::Allow, "+"),
            _ => self.paint.verdict(Verdict::Deny, "-"),
        };
        writeln!(
            self.to,
            "  {mark} {} at {}{}",
            self.paint.bold(&printable(&row.role)),
            printable(&row.place),
            printable(&group)
        )?;
        let permission = if name_permission { format!("{}: ", row.permission) } else { String::new() };
        self.line(&format!("  {permission}{}", row.why))?;
        self.line(&format!("  {}", row.assignment))?;
        match &row.condition {
            Some(condition) => self.condition(row, condition),
            None => Ok(()),
        }
    }

    /// The condition, where it is what decided.
    fn condition(&mut self, row: &AssignmentRow, condition: &ConditionRow) -> io::Result<()> {
        let drawing = match row.contribution {
            Contribution::ConditionFalse | Contribution::ConditionUnknown => {
                let title = format!("the condition is {}", condition.result);
                draw_places(&title, &condition.text, &condition.places(), self.paint)
            }
            Contribution::ConditionInvalid => match &condition.mistake {
                Some(mistake) => draw_mistake("condition", &condition.text, mistake, self.paint),
                None => condition.error.clone().unwrap_or_default(),
            },
            Contribution::Granted
            | Contribution::Inert
            | Contribution::PermissionMissing
            | Contribution::RoleUnknown
            | Contribution::NotActive
            | Contribution::PrincipalDeleted
            | Contribution::DataActionsAtManagementGroup
            | Contribution::ManagementGroupUncertain
            | Contribution::BelowRegistry
            | Contribution::OutOfScope => return Ok(()),
        };
        drawing.lines().try_for_each(|line| writeln!(self.to, "{}", format!("      {line}").trim_end()))
    }

    fn near_misses(&mut self, explanation: &Explanation) -> io::Result<()> {
        if explanation.near_misses.is_empty() {
            return Ok(());
        }
        self.title("Near misses: it would be allowed")?;
        for near_miss in &explanation.near_misses {
            let object =
                if near_miss.kind == "Mode" { String::new() } else { format!(" ({})", near_miss.object) };
            self.line(&format!("{}{object}", near_miss.text))?;
        }
        Ok(())
    }

    fn advice(&mut self, explanation: &Explanation) -> io::Result<()> {
        if explanation.advice.is_empty() {
            return Ok(());
        }
        self.title("Worth knowing")?;
        explanation
            .advice
            .iter()
            .try_for_each(|advice| self.line(&format!("{}: {}", advice.code, advice.text)))
    }

    fn fix(&mut self, explanation: &Explanation) -> io::Result<()> {
        if let Some(repair) = &explanation.repair {
            return self.repair(repair);
        }
        let Some(fix) = &explanation.fix else { return Ok(()) };
        self.title("What to do")?;
        // Of a deny assignment the instruction says as much.
        if let Some(why) = explanation.no_fix.filter(|why| *why != NoFix::DenyAssignment) {
            self.line(&format!("No role assignment is offered: {}.", sentence::no_fix(why)))?;
        }
        if let Some(instruction) = fix.instruction {
            self.line(instruction)?;
        }
        match &fix.command {
            Some(command) => self.line(&format!("  {command}")),
            None => Ok(()),
        }
    }

    fn repair(&mut self, repair: &Repair) -> io::Result<()> {
        self.title(match repair.reach {
            Reach::Repository => "Fix (tried: this pull turns to allow, and no other repository changes)",
            Reach::Registry => {
                "Fix (tried: this pull turns to allow; mode rbac opens the whole registry, never less)"
            }
        })?;
        writeln!(self.to, "  {}", repair.command.over_lines(Shell::Posix, "      "))?;
        if let Some(file) = &repair.file {
            self.file(&file.name, &file.content)?;
            self.line("It is put back whole: add its description, if it has one.")?;
        }
        if let Some(form) = &repair.condition_in_file {
            self.line(
                "Or with the condition in a file, which no shell can damage (PowerShell: '@condition.txt'):",
            )?;
            writeln!(self.to, "  {}", form.command.over_lines(Shell::Posix, "      "))?;
            self.file(&form.file.name, &form.file.content)?;
        }
        let Some(clean_up) = &repair.clean_up else { return Ok(()) };
        self.line("Afterwards, if you like: these grant nothing as long as the registry stays in its mode.")?;
        writeln!(self.to, "  {}", clean_up.over_lines(Shell::Posix, "      "))
    }

    fn file(&mut self, name: &str, content: &str) -> io::Result<()> {
        self.line(&format!("with this as {name}:"))?;
        content.lines().try_for_each(|line| writeln!(self.to, "    {}", printable(line)))
    }
}
