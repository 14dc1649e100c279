"""What the demo's people have said so far: enough for a panel to look lived in, little enough to read.

Times are minutes before the demo's first start. People and links are named as in the sandbox LMS. Reports hide what is
about fewer than five people, so in the ecology course five open threads that are answered within a day, and five
share a reflection that nobody has answered yet.
"""

from dataclasses import dataclass, field

DAY = 24 * 60


@dataclass(frozen=True)
class Said:
    """One entry, who reacted to it and how, and what was answered."""

    who: str
    ago: int
    body: str
    title: str = ""
    reactions: tuple[tuple[str, str], ...] = ()
    answers: tuple["Said", ...] = ()


@dataclass(frozen=True)
class Scene:
    """A panel: how its instructor set it up, and what was written there."""

    link: str
    kind: str
    purpose: str
    prompt: str
    threads: tuple[Said, ...] = field(default=())


SCENES = (
    Scene(
        "food-web",
        "discussion",
        "See that a food web is not in a book: it is outside your door.",
        "Walk a hundred steps from where you live. Name **three** living things that depend on each other, "
        "and say how you know. Then answer somebody whose place is unlike yours.",
        (
            Said(
                "sofia",
                2 * DAY + 395,
                "On the farm I counted this evening: aphids on the broad beans, ladybird larvae on the aphids, "
                "and a wren that took larvae to its nest under the eaves.\n\n"
                "What surprised me is that *we* are in it too. We stopped spraying two years ago, and the wrens "
                "came back the spring after.",
                title="Beans, ladybirds, and a wren",
                reactions=(("maya", "like"), ("emil", "insight"), ("amara", "like")),
                answers=(
                    Said(
                        "lucas",
                        2 * DAY + 40,
                        "How do you know it was the spraying, and not two mild winters in a row? I do not doubt it, "
                        "I would like to know what you would look for.",
                        reactions=(("sofia", "like"), ("aisha", "same")),
                        answers=(
                            Said(
                                "sofia",
                                2 * DAY + 12,
                                "Fair. The neighbour still sprays, same winters, and has no wrens. "
                                "One neighbour is not much of a sample, I know.",
                                reactions=(("lucas", "insight"),),
                                answers=(
                                    Said(
                                        "jonas",
                                        DAY + 300,
                                        "That is a natural experiment with n = 1, and still better than most people "
                                        "have. Keep it: we come back to *what counts as evidence* in week 5.",
                                        reactions=(("sofia", "like"),),
                                    ),
                                ),
                            ),
                        ),
                    ),
                    Said(
                        "tariq",
                        DAY + 220,
                        "I live on the ninth floor and first thought I had nothing. Then I read yours and looked at "
                        "my tomato pots: whitefly, and one very busy spider.",
                        reactions=(("sofia", "like"), ("maya", "like")),
                    ),
                ),
            ),
            Said(
                "maya",
                DAY + 430,
                "Behind the garden centre is a wall full of ivy. In October it is the last thing in flower, and it "
                "hums: ivy bees, hoverflies, two red admirals.\n\n"
                "1. ivy → hoverflies\n2. hoverflies' larvae → aphids on the roses we sell\n3. customers → complain "
                "about the aphids\n\nSo the *mess* at the back protects the stock at the front.",
                title="The wall nobody cuts",
                reactions=(("aisha", "insight"), ("sofia", "like"), ("tariq", "like")),
                answers=(
                    Said(
                        "aisha",
                        DAY + 20,
                        "I would love to use this with a class of ten-year-olds: *find the mess that protects you*. "
                        "May I?",
                        answers=(
                            Said(
                                "maya",
                                1380,
                                "Please do, and tell me what they find.",
                                reactions=(("aisha", "like"),),
                            ),
                        ),
                    ),
                    Said(
                        "emil",
                        900,
                        "I see it a little differently because of scale: hoverfly larvae eat a few hundred aphids each. "
                        "Is one wall enough for a whole nursery? I looked for numbers and found very different ones.",
                        reactions=(("lucas", "like"),),
                    ),
                ),
            ),
            Said(
                "lucas",
                700,
                "Moss on the north side of the kerb, springtails in the moss, and something that eats springtails and "
                "is too fast for me. Who can tell me what it is? Two millimetres, reddish, runs in bursts.",
                title="Something small and fast",
                reactions=(("emil", "same"),),
                answers=(
                    Said(
                        "sofia",
                        385,
                        "A mite, I think: eight legs if it holds still, and springtails are what velvet mites hunt. Put a "
                        "drop of water in its way and it will stop for your phone.",
                        reactions=(("lucas", "like"),),
                    ),
                ),
            ),
            Said(
                "emil",
                DAY + 900,
                "A kestrel, the voles on the railway bank, and the clover that the voles live on. I know it from the "
                "pellets under the signal mast: seven of them, and a jaw in each.\n\n"
                "The trains keep people out. That is why there is clover.",
                title="What the signal mast knows",
                reactions=(("sofia", "insight"), ("tariq", "like")),
                answers=(
                    Said(
                        "maya",
                        DAY + 520,
                        "So the fourth living thing in your web is the driver who does not stop there.",
                        reactions=(("emil", "like"),),
                    ),
                ),
            ),
        ),
    ),
    Scene(
        "first-back",
        "discussion",
        "Practise telling what you saw from what you think it means.",
        "Think of a place that was bare once: burnt, dug up, flooded, paved. What came back **first**, and what did "
        "that make possible?",
        (
            Said(
                "tariq",
                3 * DAY,
                "The lot beside our old shop was rubble for years. Buddleia first, out of the mortar itself. Then "
                "butterflies, then people who came to photograph the butterflies, and then the council cut it down.",
                title="Buddleia in the rubble",
                reactions=(("sofia", "like"), ("maya", "insight")),
                answers=(
                    Said(
                        "aisha",
                        2 * DAY + 700,
                        "The last step made me laugh and then it did not. Would you call the council part of the "
                        "succession, or a disturbance?",
                        reactions=(("tariq", "insight"),),
                        answers=(
                            Said(
                                "tariq",
                                2 * DAY + 500,
                                "A disturbance with a budget. But it grew back in one summer.",
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
    Scene(
        "ecology-reflection",
        "reflection",
        "Close the unit for yourself before you share anything.",
        "Take ten quiet minutes. What you write stays yours until you decide to share it.",
        (
            Said(
                "aisha",
                700,
                "# What?\n\nI used to say *nature* and mean somewhere else. This week I drew a food web with a bus stop "
                "in the middle.\n\n# So what?\n\nIf I teach it as something far away, children will not look after what is "
                "near.\n\n# Now what?\n\nI will start my first lesson on the pavement outside the school.",
                title="The bus stop in the middle",
                reactions=(("maya", "like"), ("amara", "insight")),
                answers=(Said("maya", 320, "I want to be in that lesson.", reactions=(("aisha", "like"),)),),
            ),
            Said(
                "sofia",
                370,
                "# What?\n\nLucas asked how I knew that it was the spraying, and I did not know.\n\n# So what?\n\nI "
                "had told the story so often that it had become a fact.\n\n# Now what?\n\nI will count nests next "
                "spring, on both sides of the fence.",
                title="A story told too often",
                reactions=(("lucas", "like"),),
            ),
            Said(
                "tariq",
                350,
                "# What?\n\nI thought that there was nothing on the ninth floor, and found three things that eat each "
                "other.\n\n# So what?\n\nWhat I call empty is mostly where I have not looked.\n\n# Now what?\n\n"
                "The same balcony, at night, with a lamp.",
                title="Nothing on the ninth floor",
                reactions=(("aisha", "like"),),
            ),
            Said(
                "maya",
                300,
                "# What?\n\nEmil asked whether one wall of ivy is enough.\n\n# So what?\n\nI had never put a number "
                "to what I believe about our nursery.\n\n# Now what?\n\nTen roses near the wall, ten far away, aphids "
                "counted every Friday.",
                title="Ten roses near, ten roses far",
            ),
            Said(
                "lucas",
                260,
                "# What?\n\nI ask others for evidence, and described a mite by its speed.\n\n# So what?\n\nQuestions "
                "are cheaper than looking.\n\n# Now what?\n\nBefore I ask the next one I draw what I saw.",
                title="Questions are cheap",
            ),
            Said(
                "emil",
                210,
                "# What?\n\nTwo sources gave numbers that were twenty times apart.\n\n# So what?\n\nI trusted the one "
                "that I had found first.\n\n# Now what?\n\nI write down what I expect before I search.",
                title="Twenty times apart",
            ),
        ),
    ),
    Scene(
        "two-schools",
        "discussion",
        "Learn to ask what a total hides before you act on it.",
        "Decide which school you would choose from the table above. Then say which **one** further number could "
        "change your mind.",
        (
            Said(
                "emil",
                DAY + 500,
                "School B has the better total and is worse for *both* groups of pupils. I checked it three times. The "
                "number that would change my mind: who is allowed to apply there.",
                title="Better in total, worse for everybody",
                reactions=(("jonas", "insight"), ("lucas", "like"), ("aisha", "same")),
                answers=(
                    Said(
                        "jonas",
                        DAY + 300,
                        "I had to draw it before I believed it. Two lines that both go down, and their average goes up "
                        "because the weights move.",
                        reactions=(("emil", "like"),),
                    ),
                    Said(
                        "lucas",
                        1000,
                        "My further number is a different one: how many moved away during the year. Those are in neither "
                        "column.",
                    ),
                ),
            ),
        ),
    ),
)
