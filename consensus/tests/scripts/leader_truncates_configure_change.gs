# A change of the members that was not committed goes with the entry that made it, and the earlier members are in force again.

cluster nodes=3
(stand 1)
(deliver)
isolate 1
change 1 add 4
members 1
---
n1 write 3: append 2@1:members
n1 members from 2: n1 n2 n3 n4:learner
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:members
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:members
n1 members from 2 (not committed): n1 n2 n3 n4:learner; all hold 0

(tick 2 60)
(tick 3 60)
(stand 2)
(deliver)
heal
(connect 2 1)
deliver to=1
members 1
---
n1 write 4: term 2 vote nobody
n1 is follower in term 2, leader n2
n1 write 5: truncate from 2
n1 members from 0: n1 n2 n3
n1 write 6: append 2@2:empty
n1 commits up to 2
n1 -> n2 AppendAck term=2 match=2 (after write 6)
n1 members from 0 (committed): n1 n2 n3; all hold 0
