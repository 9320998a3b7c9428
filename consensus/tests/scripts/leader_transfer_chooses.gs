# Without a target the heaviest voter that may lead and was heard is taken.

cluster nodes=5 weights=9.8.6.7.8 log=5
(stand 1)
(deliver)
# n2 is the heaviest of the others, and not heard; n5 keeps no tables.
isolate 2
(pass 60)
transfer 1
---
n1 holds proposals for n4
n1 has no lease any more
n1 -> n4 TimeoutNow term=1 seq=6
