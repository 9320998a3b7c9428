# A change that reached a majority before its leader was lost is in force there, committed by the next leader's empty entry.

cluster nodes=3
(stand 1)
(deliver)
change 1 add 4
(deliver to=2)
(deliver to=3)
isolate 1
(drop)
members 2
(tick 3 60)
(stand 2)
(deliver to=3)
(deliver to=2)
(deliver to=3)
(deliver to=2)
(deliver to=3)
deliver to=2
members 2
---
n1 write 3: append 2@1:members
n1 members from 2: n1 n2 n3 n4:learner
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:members
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:members
n2 members from 2 (not committed): n1 n2 n3 n4:learner; all hold 0
n2 commits up to 3
n2 is ready in term 2 at 3
n2 -> n3 Commit term=2 commit=3
n2 members from 2 (committed): n1 n2 n3 n4:learner; all hold 0
