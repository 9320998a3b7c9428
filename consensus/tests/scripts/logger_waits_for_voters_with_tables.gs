# A log-only voter stands an election timeout later than any voter with tables.

cluster nodes=3 log=3
(stand 1)
(deliver)
isolate 1
tick 3 120
---
ok

tick 3 40
---
n3 is pre-candidate in term 1, leader nobody
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
