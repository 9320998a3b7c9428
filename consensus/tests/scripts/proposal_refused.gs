# A proposal is taken only by the leader of its term, and only right behind the last entry.

cluster nodes=3
(stand 1)
(deliver)
propose 2 a
propose 1 a term=0
propose 1 a first=1
propose 1 a first=9
propose 1 a
---
n2 refuses proposal at 2
n1 refuses proposal at 2
n1 refuses proposal at 1
n1 refuses proposal at 9
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a
