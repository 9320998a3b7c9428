# A voter is made strong only when little is missing, because commits wait for it from then on.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
(fill 1 101)
(deliver)
change 1 strong 3 true
change 1 strong 2 true
(deliver)
members 1
---
n1 refuses: node n3 is 101 entries behind; commits can wait for it only within 100
n1 write 4: append 103@1:members
n1 members from 103: n1 n2:strong n3
n1 -> n2 Append term=1 prev=102@1 commit=102 103@1:members
n1 -> n3 Append term=1 prev=102@1 commit=102 103@1:members
n1 members from 103 (committed): n1 n2:strong n3; all hold 0
