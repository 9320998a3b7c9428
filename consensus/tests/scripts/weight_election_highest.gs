# Of two voters that lose their leader at the same time the heavier stands first: each weight below the heaviest waits one step longer.

cluster nodes=3 weights=5.9.3
(stand 1)
(deliver)
isolate 1
# At most 60 ticks and a draw of up to 40.
tick 2 100
tick 3 100
---
n2 is pre-candidate in term 1, leader nobody
n2 -> n1 PreVote term=2 last=1@1
n2 -> n3 PreVote term=2 last=1@1

tick 3 60
---
n3 is pre-candidate in term 1, leader nobody
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1

# The leader that is lost was the heaviest: nobody waits for it.
cluster nodes=3 weights=9.5.5
(stand 1)
(deliver)
tick 2 100
---
n2 is pre-candidate in term 1, leader nobody
n2 -> n1 PreVote term=2 last=1@1
n2 -> n3 PreVote term=2 last=1@1
