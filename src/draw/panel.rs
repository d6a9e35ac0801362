//! A part of a picture with two axes.
use std::io;

use super::{
    axis::Ticks,
    heat::Heat,
    scene::{Anchor, Point, Scene, Size},
    theme::Ink,
};

/// A rectangle with two axes: where it lies, and which values its edges have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Panel {
    /// Left, top, width, height.
    pub place: [f64; 4],
    /// The values at the left and the right edge.
    pub across: (f64, f64),
    /// The values at the bottom and the top edge.
    pub up: (f64, f64),
}

/// Pixels from a panel to its colour bar, and the width of the bar.
const BAR: (f64, f64) = (10.0, 10.0);

fn share((from, to): (f64, f64), v: f64) -> f64 {
    if to == from { 0.0 } else { (v - from) / (to - from) }
}

impl Panel {
    /// The horizontal place of a value.
    pub fn x(&self, v: f64) -> f64 {
        self.place[0] + self.place[2] * share(self.across, v)
    }

    /// The vertical place of a value.
    pub fn y(&self, v: f64) -> f64 {
        self.place[1] + self.place[3] * (1.0 - share(self.up, v))
    }

    /// The place of two values.
    pub fn at(&self, across: f64, up: f64) -> Point {
        (self.x(across), self.y(up))
    }

    /// The place of two values, moved to the edge if it is outside.
    pub fn within(&self, across: f64, up: f64) -> Point {
        let [left, top, width, height] = self.place;
        let (x, y) = self.at(across, up);
        (x.clamp(left, left + width), y.clamp(top, top + height))
    }

    fn bottom(&self) -> f64 {
        self.place[1] + self.place[3]
    }

    /// Draws the caption above.
    pub fn caption(&self, scene: &mut Scene, caption: &str) {
        scene.text((self.place[0], self.place[1] - 7.0), caption, (Anchor::Begin, Size::Small), Ink::Soft);
    }

    /// Draws the frame, over what it holds.
    pub fn frame(&self, scene: &mut Scene) {
        scene.frame(self.place, Ink::Frame);
    }

    /// Draws ticks and labels below, and faint lines through the panel if wanted.
    pub fn across(&self, scene: &mut Scene, ticks: &Ticks, grid: bool) {
        let bottom = self.bottom();
        let at: Vec<f64> = ticks.0.iter().map(|(v, _)| self.x(*v)).collect();
        if grid {
            let lines: Vec<_> = at.iter().map(|x| vec![(*x, self.place[1]), (*x, bottom)]).collect();
            scene.lines(&lines, Ink::Faint, (1.0, 0.0));
        }
        let marks: Vec<_> = at.iter().map(|x| vec![(*x, bottom), (*x, bottom + 4.0)]).collect();
        scene.lines(&marks, Ink::Frame, (1.0, 0.0));
        for (x, (_, label)) in at.iter().zip(&ticks.0) {
            scene.text((*x, bottom + 16.0), label, (Anchor::Middle, Size::Small), Ink::Soft);
        }
    }

    /// Names the horizontal axis, below its labels.
    pub fn name_across(&self, scene: &mut Scene, name: &str) {
        let middle = self.place[0] + self.place[2] / 2.0;
        scene.text((middle, self.bottom() + 32.0), name, (Anchor::Middle, Size::Small), Ink::Soft);
    }

    /// Draws ticks and labels on the left.
    pub fn up(&self, scene: &mut Scene, ticks: &Ticks, grid: bool) {
        let left = self.place[0];
        let line =
            |x: f64, to: f64| ticks.0.iter().map(|(v, _)| vec![(x, self.y(*v)), (to, self.y(*v))]).collect();
        if grid {
            let lines: Vec<_> = line(left, left + self.place[2]);
            scene.lines(&lines, Ink::Faint, (1.0, 0.0));
        }
        let marks: Vec<_> = line(left - 4.0, left);
        scene.lines(&marks, Ink::Frame, (1.0, 0.0));
        for (v, label) in &ticks.0 {
            scene.text((left - 8.0, self.y(*v) + 4.0), label, (Anchor::End, Size::Small), Ink::Soft);
        }
    }

    /// Draws a heat map over the part of the panel from `from` to `to` of the horizontal axis.
    pub fn heat(&self, scene: &mut Scene, heat: &Heat, (from, to): (f64, f64)) -> io::Result<()> {
        let (left, right) = (self.x(from), self.x(to));
        scene.heat([left, self.place[1], right - left, self.place[3]], heat)
    }

    /// Draws the colour scale on the right: what its lowest and highest colour mean, and what lies between.
    pub fn bar(&self, scene: &mut Scene, labels: &[(f64, &str)]) -> io::Result<()> {
        let [left, top, width, height] = self.place;
        let x = left + width + BAR.0;
        scene.heat([x, top, BAR.1, height], &Heat::scale(true))?;
        scene.frame([x, top, BAR.1, height], Ink::Frame);
        for (share, label) in labels {
            // The labels at the ends stay beside the bar.
            let y = (top + height * (1.0 - share) + 4.0).clamp(top + 9.0, top + height);
            scene.text((x + BAR.1 + 5.0, y), label, (Anchor::Begin, Size::Small), Ink::Soft);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_between_the_edges_and_what_is_beyond_at_the_edge() {
        let panel = Panel { place: [10.0, 20.0, 100.0, 50.0], across: (5.0, 15.0), up: (0.0, 2.0) };
        assert_eq!(panel.at(5.0, 0.0), (10.0, 70.0));
        assert_eq!(panel.at(10.0, 2.0), (60.0, 20.0));
        assert_eq!(panel.within(99.0, -4.0), (110.0, 70.0));
        let nothing = Panel { across: (3.0, 3.0), ..panel };
        assert_eq!(nothing.x(3.0), 10.0);
    }
}
