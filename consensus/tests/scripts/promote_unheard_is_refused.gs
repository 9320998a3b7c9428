# A learner that has never answered this leader, or not lately, is not given a vote, however little it lacks.

cluster nodes=1
(stand 1)
(change 1 add 2)
change 1 promote 2
---
n1 refuses: node n2 has not answered the leader lately; a vote is given only to a node that is up

join 2
(pass 15)
isolate 2
(pass 60)
change 1 promote 2
heal
(pass 10)
change 1 promote 2
---
n1 refuses: node n2 has not answered the leader lately; a vote is given only to a node that is up
n1 write 4: append 3@1:members
n1 members from 3: n1 n2
n1 -> n2 Append term=1 prev=3@1 commit=2 nothing
