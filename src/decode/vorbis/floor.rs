//! Floors of type 1: the coarse shape of a spectrum, as lines between points (7.2).
use std::sync::LazyLock;

use super::bits::Bits;
use super::book::Book;
use super::numbers::bits_of;
use crate::decode::damage::{Damage, Result, ensure};

/// Larger values of a point are as good.
const MAX_READ: usize = 1023;

/// The most points of a floor.
pub(super) const MAX_POINTS: usize = 65;

/// What the heights of a floor stand for: 255 is 1, each step is 140 / 256 dB.
static LEVELS: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|height| 10f64.powf((height as f64 - 255.0) * 140.0 / 256.0 / 20.0) as f32)
});

/// Points that are coded together.
struct Class {
    dimensions: usize,
    /// How many bits choose the book of a point.
    choice: u32,
    main: usize,
    /// The book of each choice. Without one the height is 0.
    books: [Option<usize>; 8],
}

/// The setup of a floor.
pub(super) struct Floor {
    classes: Vec<Class>,
    /// The class of each group of points.
    groups: Vec<usize>,
    multiplier: i32,
    /// The places of all points, in the order of the packet.
    places: Vec<i32>,
    /// The points from the lowest place on.
    sorted: Vec<usize>,
    /// For each point, the two that it lies between among those before it.
    neighbours: Vec<[usize; 2]>,
}

/// The points of a channel in one packet.
pub(super) struct Points {
    /// In units of the multiplier.
    heights: [i32; MAX_POINTS],
    /// Whether a point does not follow the line between its neighbours, or is needed by one that does not.
    used: [bool; MAX_POINTS],
}

impl Default for Points {
    fn default() -> Points {
        Points { heights: [0; MAX_POINTS], used: [false; MAX_POINTS] }
    }
}

impl Floor {
    pub fn read(bits: &mut Bits, books: &[Book]) -> Result<Floor> {
        let book = |number: usize| {
            ensure(number < books.len(), "Vorbis: a floor without its codebook")?;
            Ok(number)
        };
        let groups: Vec<usize> = (0..bits.take(5)).map(|_| bits.size(4)).collect();
        let mut classes = Vec::new();
        for _ in 0..groups.iter().max().map_or(0, |most| most + 1) {
            let dimensions = bits.size(3) + 1;
            let choice = bits.take(2);
            let main = if choice > 0 { book(bits.size(8))? } else { 0 };
            let mut class = Class { dimensions, choice, main, books: [None; 8] };
            for chosen in &mut class.books[..1 << choice] {
                *chosen = bits.size(8).checked_sub(1).map(book).transpose()?;
            }
            classes.push(class);
        }
        let multiplier = bits.take(2).cast_signed() + 1;
        let width = bits.take(4);
        let mut places = vec![0, 1 << width];
        for &group in &groups {
            places.extend((0..classes[group].dimensions).map(|_| bits.take(width).cast_signed()));
            ensure(places.len() <= MAX_POINTS, "Vorbis: a floor of too many points")?;
        }
        bits.check()?;
        let mut sorted: Vec<usize> = (0..places.len()).collect();
        sorted.sort_by_key(|&point| places[point]);
        let distinct = sorted.windows(2).all(|pair| places[pair[0]] < places[pair[1]]);
        ensure(distinct, "Vorbis: two points of a floor at one place")?;
        let neighbours = (0..places.len()).map(|point| neighbours(&places, point)).collect();
        Ok(Floor { classes, groups, multiplier, places, sorted, neighbours })
    }

    /// One more than the largest height.
    fn range(&self) -> i32 {
        [256, 128, 86, 64][(self.multiplier - 1) as usize]
    }

    /// Reads the points of a channel. Returns whether it has any: without points, and where the packet ends, it is silent.
    pub fn read_points(&self, bits: &mut Bits, books: &[Book], points: &mut Points) -> bool {
        bits.flag() && self.read_heights(bits, books, points).is_some()
    }

    fn read_heights(&self, bits: &mut Bits, books: &[Book], points: &mut Points) -> Option<()> {
        let read = &mut points.heights;
        let width = bits_of(self.range().cast_unsigned() - 1);
        read[0] = bits.take(width).cast_signed();
        read[1] = bits.take(width).cast_signed();
        let mut next = 2;
        for &group in &self.groups {
            let class = &self.classes[group];
            let mut chosen = match class.choice {
                0 => 0,
                _ => books[class.main].prefixes.read(bits)?,
            };
            for point in &mut read[next..next + class.dimensions] {
                *point = match class.books[chosen & ((1 << class.choice) - 1)] {
                    None => 0,
                    // What is more than a height can be is damage.
                    Some(book) => books[book].prefixes.read(bits)?.min(MAX_READ) as i32,
                };
                chosen >>= class.choice;
            }
            next += class.dimensions;
        }
        self.unwrap(points);
        if bits.over() { None } else { Some(()) }
    }

    /// From what was read, by how much each point differs from the line between its neighbours, to heights.
    fn unwrap(&self, Points { heights, used }: &mut Points) {
        used.fill(false);
        used[..2].fill(true);
        let places = self.places.iter().zip(&self.neighbours).enumerate().skip(2);
        for (point, (&place, &[low, high])) in places {
            let line = Line::new([self.places[low], heights[low]], [self.places[high], heights[high]]);
            let expected = line.at(place);
            let (above, below) = (self.range() - expected, expected);
            let value = heights[point];
            if value != 0 {
                (used[point], used[low], used[high]) = (true, true, true);
            }
            heights[point] = if value >= 2 * above.min(below) && value != 0 {
                if above > below { value } else { self.range() - 1 - value }
            } else if value & 1 == 1 {
                expected - (value + 1) / 2
            } else {
                expected + value / 2
            };
        }
    }

    /// Multiplies the first lines of a spectrum, as many as there are, with the floor.
    pub fn apply(&self, points: &Points, lines: &mut [f32]) {
        let levels = &*LEVELS;
        let height = |point: usize| (points.heights[point] * self.multiplier).clamp(0, 255);
        let mut last = [0, height(0)];
        for &point in &self.sorted[1..] {
            if !points.used[point] {
                continue;
            }
            let next = [self.places[point], height(point)];
            let Some(between) = lines.get_mut(last[0] as usize..) else { return };
            let mut steps = Line::new(last, next).steps();
            for value in between.iter_mut().take((next[0] - last[0]) as usize) {
                // Between two of 0 to 255.
                *value *= levels[usize::from(steps.height() as u8)];
                steps.advance();
            }
            last = next;
        }
        if let Some(rest) = lines.get_mut(last[0] as usize..) {
            let level = levels[usize::from(last[1] as u8)];
            rest.iter_mut().for_each(|value| *value *= level);
        }
    }
}

/// The two points that the point lies between among those before it.
fn neighbours(places: &[i32], point: usize) -> [usize; 2] {
    let before = || 0..point.min(places.len());
    let low = before().filter(|&i| places[i] < places[point]).max_by_key(|&i| places[i]);
    let high = before().filter(|&i| places[i] > places[point]).min_by_key(|&i| places[i]);
    [low.unwrap_or(0), high.unwrap_or(0)]
}

/// A line of whole numbers between two points.
struct Line {
    from: [i32; 2],
    width: i32,
    rise: i32,
}

impl Line {
    fn new(from: [i32; 2], to: [i32; 2]) -> Line {
        Line { from, width: (to[0] - from[0]).max(1), rise: to[1] - from[1] }
    }

    /// The height at a place, rounded towards the first point.
    fn at(&self, place: i32) -> i32 {
        self.from[1] + self.rise * (place - self.from[0]) / self.width
    }

    fn steps(&self) -> Steps {
        // Rounded up: with at most 15 bits of places the sum is never a whole height too high.
        let slope =
            (i64::from(self.rise.abs()) << 32).cast_unsigned().div_ceil(self.width as u64).cast_signed();
        let first = i64::from(self.from[1]) << 32;
        match self.rise < 0 {
            false => Steps { height: first, slope },
            true => Steps { height: first + u32::MAX as i64, slope: -slope },
        }
    }
}

/// The heights of a line, from place to place, times 2 to the power of 32.
struct Steps {
    height: i64,
    slope: i64,
}

impl Steps {
    #[inline(always)]
    fn height(&self) -> i64 {
        self.height >> 32
    }

    #[inline(always)]
    fn advance(&mut self) {
        self.height += self.slope;
    }
}

/// Declines floors of other types.
pub(super) fn read_floor(bits: &mut Bits, books: &[Book]) -> Result<Floor> {
    match bits.take(16) {
        1 => Floor::read(bits, books),
        0 => Err(Damage("Vorbis: floors of type 0, which are not supported")),
        _ => Err(Damage("Vorbis: an unknown kind of floor")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_the_specification() {
        for (height, level) in [(0, 1.064_986_3e-07), (1, 1.134_195_1e-07), (254, 0.938_97), (255, 1.0)] {
            assert!((LEVELS[height] / level - 1.0f32).abs() < 2e-3, "{height}: {}", LEVELS[height]);
        }
    }

    #[test]
    fn steps_follow_the_line() {
        let mut random = fastrand::Rng::with_seed(9);
        let mut lines: Vec<[i32; 2]> =
            (0..100).map(|_| [random.i32(-255..256), random.i32(1..1 << 15)]).collect();
        lines.extend([
            [0, 1],
            [255, 1],
            [-255, 1],
            [255, 1 << 15],
            [-1, 1 << 15],
            [1, 3],
            [-1, 3],
            [254, 127],
        ]);
        for [rise, width] in lines {
            let line = Line::new([5, 100], [5 + width, 100 + rise]);
            let mut steps = line.steps();
            for place in 5..=5 + width {
                assert_eq!(steps.height(), i64::from(line.at(place)), "{rise} in {width} at {place}");
                steps.advance();
            }
        }
    }

    /// A floor with points at these places behind the first two.
    fn floor(width: u32, places: &[i32], multiplier: i32) -> Floor {
        let places: Vec<i32> = [0, 1 << width].iter().chain(places).copied().collect();
        let mut sorted: Vec<usize> = (0..places.len()).collect();
        sorted.sort_by_key(|&point| places[point]);
        Floor {
            classes: Vec::new(),
            groups: Vec::new(),
            multiplier,
            neighbours: (0..places.len()).map(|point| neighbours(&places, point)).collect(),
            places,
            sorted,
        }
    }

    /// The curve as the specification computes it, point by point and place by place.
    fn slow(floor: &Floor, read: &[i32], lines: usize) -> Vec<f32> {
        let mut all = read.to_vec();
        let mut used = vec![true, true];
        used.resize(read.len(), false);
        for point in 2..read.len() {
            let (mut low, mut high) = (0, 1);
            for other in 0..point {
                let place = floor.places[other];
                if place < floor.places[point] && place > floor.places[low] {
                    low = other;
                }
                if place > floor.places[point] && place < floor.places[high] {
                    high = other;
                }
            }
            let [x, x0, x1] = [point, low, high].map(|i| floor.places[i]);
            let rise = (all[high] - all[low]).abs() * (x - x0) / (x1 - x0);
            let expected = if all[high] < all[low] { all[low] - rise } else { all[low] + rise };
            let (high_room, low_room) = (floor.range() - expected, expected);
            if read[point] == 0 {
                all[point] = expected;
                continue;
            }
            for i in [point, low, high] {
                used[i] = true;
            }
            all[point] = if read[point] >= 2 * high_room.min(low_room) {
                match high_room > low_room {
                    true => read[point] - low_room + expected,
                    false => expected - read[point] + high_room - 1,
                }
            } else {
                match read[point] % 2 {
                    1 => expected - (read[point] + 1) / 2,
                    _ => expected + read[point] / 2,
                }
            };
        }
        let shown = || floor.sorted.iter().copied().filter(|&point| used[point]);
        let curve = (0..lines as i32).map(|x| {
            let low = shown().rfind(|&point| floor.places[point] <= x).expect("the first point");
            let from = all[low] * floor.multiplier;
            let height = match shown().find(|&point| floor.places[point] > x) {
                None => from,
                Some(high) => {
                    let to = all[high] * floor.multiplier;
                    let [x0, x1] = [low, high].map(|i| floor.places[i]);
                    let rise = (to - from).abs() * (x - x0) / (x1 - x0);
                    if to < from { from - rise } else { from + rise }
                }
            };
            LEVELS[height.clamp(0, 255) as usize]
        });
        curve.collect()
    }

    #[test]
    fn curves_are_those_of_the_specification() {
        let mut random = fastrand::Rng::with_seed(2);
        for round in 0..300 {
            let width = random.u32(5..12);
            let mut places: Vec<i32> = (1..1 << width).collect();
            random.shuffle(&mut places);
            places.truncate(random.usize(..30));
            let floor = floor(width, &places, random.i32(1..5));
            let mut points = Points::default();
            for value in &mut points.heights[..floor.places.len()] {
                *value = if random.bool() { 0 } else { random.i32(0..floor.range()) };
            }
            let read = points.heights;
            floor.unwrap(&mut points);
            // Shorter and longer than the floor.
            for lines in [16, 1 << width, 2 << width] {
                let mut fast = vec![1.0; lines];
                floor.apply(&points, &mut fast);
                assert_eq!(fast, slow(&floor, &read[..floor.places.len()], lines), "round {round}");
            }
        }
    }
}
